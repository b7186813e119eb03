"""The codes of the level ``runnable``: the diagnostics of loading, and how to fix them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Code(NamedTuple):
    """A code of a diagnostic of loading.

    Attributes:
        id: The code, in kebab case.
        severity: ``error``, ``warning``, ``error or warning``, or ``info``.
        meaning: What was found, and how it is handled, in one line.
        fix: How to fix it, in one line.
    """

    id: str
    severity: str
    meaning: str
    fix: str


_TABLE: Final = """\
adapter-spelling | warning | An adapter has the type `api`; it is read as `rest`. | Write `type: rest`.
agent-skills | warning | A skill's `name` or `description` violates the Agent Skills format. | See https://agentskills.io/specification.
alias-as-key | error | An alias (`*name`) is used as a key. | Write the key out.
ambiguous-call | warning | A call names several operations; the one that matches the caller's method or path is called. | Give each operation a unique name.
authentication-shape | warning | An authentication is not one mapping with a `type`; it is read as one. | Write `authentication: {type: …}` with the scheme's settings beside `type`.
authentication-spelling | warning | A type or key of an authentication does not have its official spelling. | Write it as the hint says.
authentication-without-type | warning | An authentication has no `type`; it is identified by its keys. | Add the `type`.
bad-address | warning | The `address` of an adapter is a template that cannot be resolved; it is ignored. | Close every section of the template, or write the address itself.
bad-content | warning | A part of `x-content` is both text and a resource, or neither; it is ignored. | Write `text`, or `resource` with the URI of a resource of the adapter.
bad-merge | error | `<<` is not a mapping or a list of mappings. | Use an alias of a mapping.
bad-port | warning | A port is not a number from 1 to 65535; the default port of the adapter is used. | Write a number from 1 to 65535.
bad-scripting | error | The `management.scripting` of a control adapter is invalid; the default limits apply. | Correct the value that the message names.
bad-size | warning | `maxBinarySize`, `x-maxResponse` or `x-maxResult` is not a size; 1,024 bytes are the limit. | Write a number and a unit, such as `10MiB`.
bad-time | warning | `x-timeout` is not a number of seconds; the default timeout is used. | Write a number greater than 0, such as `5`.
bare-variable | warning | A credential or fixed value is only the name of a bound variable; the variable's value is sent. | Write the name in double braces.
base-uri-query | warning | A base URI has a query, which is sent with every operation. | Write input parameters with `in: query` and a `value`.
base-uri-space | warning | A base URI contains a space, which is sent as `%20`. | Remove it, or write `%20`.
base-uri-variable | warning | A variable of a base URI is not in double braces. | Write `{{NAME}}`, and bind it under `binds`.
base-uri-without-scheme | warning | A base URI begins with `//`, or with a host name; https is used. | Write `https://`.
binding-braces | warning | A binding is written in the wrong braces, such as `${NAME}`; it is read as a binding. | Write `{{NAME}}`.
body-without-data | warning | A `body` has no `data`; it is built from the caller's arguments. | Write `data` with the content, or remove `body`.
call-in-skill | warning | A tool of a skill has a `call`; it is read as the adapter's tool or operation that makes this call. | Write `from` with `sourceNamespace` and `action`.
cannot-be-called | warning | Every call fails, such as for an unsupported authentication. | Follow the message; nothing is sent until then.
credential-passed-on | warning | A forward sends the `Authorization` header, by which clients authenticate to the adapter, to the upstream. | Remove it from `trustedHeaders`, unless both need it.
document-too-large | error | A document is larger than 4 MiB. | Split it into several documents.
duplicate-function | error | A function of an aggregate is defined twice; the first one is used. | Give it another name.
duplicate-key | error | A mapping has a key twice. | Keep one of the two.
duplicate-namespace | warning | A namespace is consumed twice; the operations are merged, and the first of each name is used. | Rename one of the two.
duplicate-operation | warning | Consumed operations have the same name; functions that call it are not served, unless their method or path decides between them. | Give it another name.
duplicate-prompt | warning | A prompt has the same served name as another; it gets a unique one. | Give it another name.
duplicate-route | warning | A route matches the same requests as an earlier one; it is not served. | Change its path, or add a static query such as `?action=x`.
duplicate-skill | warning | A skill has the name of another; it is not served. | Give it another name.
duplicate-tool | warning | A tool has the name of another; it gets a unique one, and in a skill it is not served. | Give it another name.
empty-adapter | warning | An adapter serves nothing. | Add `resources`, `tools` or `skills` to it.
fragment-in-path | warning | A path or base URI has a fragment (`#…`), which HTTP never sends. | Write a header or query parameter with a `value`.
fragment-in-route | warning | A fragment (`#…`) distinguishes routes with the same path; it is read as a query or header. | Write it as a query, such as `?action=x`.
import-circular | error | Files import an entry from one another, so that none defines it. | Define it in one of them, and import it from there.
import-empty | error | A file that is imported from has nothing in that section. | Name the file that defines it.
import-not-found | error | A file that is imported from does not exist. | Correct the path: it is resolved against the folder of the file that contains it.
import-not-passed-on | error | The file imports the entry in turn, and that import fails. | Fix that import first.
import-not-readable | error | A file that is imported from cannot be read, or is not YAML. | Fix that file first.
import-not-yaml | error | A file that is imported from does not have the extension of YAML or JSON. | Rename it to `.yaml`, `.yml` or `.json`.
import-of-control | error | A control adapter is imported under another name. | Remove `as`.
import-of-openapi | error | An OpenAPI document is imported, which is not supported. | Describe the operations to call under `consumes`.
import-remote | error | An import names a URL; remote documents are not fetched. | Save the file beside the document, and write its path.
import-too-far | error | More than 32 imports form a chain. | Name the file that defines the entry.
import-too-much | error | The imports exceed the size limit of a document. | Import less, or split the document.
import-unknown-namespace | error | A file that is imported from does not define that namespace. | Name one that it defines.
impossible-style | warning | A parameter's `style`, `explode`, `allowReserved` or `collectionFormat` is invalid for its location or type; it is ignored. | Use one that the OpenAPI specification defines for the location and the type.
inexact-call | warning | A `call` names an operation in another spelling or form; that operation is called. | Write its name as it is defined.
input-mapping | warning | An input has a `mapping`; it is read as `with`, or ignored where `with` takes precedence. | Name the consumed parameter under `with`.
invalid-document | error | A part of the document is invalid. | Fix what the message names.
key-placement | warning | An API key is sent in a place that the specification does not define. | Write `placement: header` or `query` if the API accepts it there.
misplaced-tools | warning | Tools belong to a skill adapter itself; they are read as one skill. | Move them under `skills`.
missing-capability | warning | `consumes` and `exposes` are at the root; they are read as part of the capability. | Move them under a root key `capability`.
missing-location | warning | A parameter has no location and one is chosen, or the files of a skill do not exist. | Write `in`, or correct the `location` of the skill.
missing-method | warning | An operation has no `method`; GET is used. | Write the method.
missing-type | warning | An adapter or a step has no `type`; it is derived from its keys, or the adapter is not served. | Write the `type`.
missing-version | warning | A document does not declare its specification version; it is read as the newest naftiko line. | Begin with `naftiko: 1.0.0-alpha2`.
nameless-aggregate | warning | An aggregate has no `namespace`; nothing can refer to it. | Add `namespace`.
nameless-consumes | warning | A consumed API has no `namespace`; it cannot be called. | Add `namespace`.
nameless-function | warning | A function of a plugin's adapter has no `name`; it is not served. | Add `name`.
nameless-mapping | warning | A mapping of steps has no target; it is ignored. | Write `targetName`.
nameless-parameter | warning | An input parameter has no name; it is ignored. | Add `name`.
nameless-skill | warning | A skill has no `name`; it is not served. | Add `name`.
nameless-tool | warning | A tool has no `name`; it is not served. | Add `name`.
no-capability | error | A document has no `capability`. | Put `consumes` and `exposes` under a root key `capability`; for a shared file, run a document that imports it.
no-config-map | error | A Capability of Kubernetes names a ConfigMap that does not exist, or that has no document. | Save the ConfigMap in the same file or folder, with the document as a block of text.
no-credential | warning | An apikey authentication has no value; calls are sent without it. | Add `value`, and bind its variable.
no-documents | error | A folder to validate contains no YAML file. | Name a folder of documents, or the documents.
no-such-file | error | A file to validate or run does not exist. | Check the path.
no-token-endpoint | warning | An oauth2 authentication has no token endpoint; the access token comes from the environment. | Add `tokenEndpoint` or `authorizationServerUri`, with `clientId` and `clientSecret`.
not-a-file | error | The document is a folder. | Name the document.
not-a-mapping | error | A document is not a mapping, but text, a list or empty. | Begin with `naftiko`, `info` and `capability`.
not-fetched | error | A document at a URL cannot be fetched, and there is no earlier copy. | Follow the message.
not-guarded | error | The authentication of an adapter is invalid, or a control adapter that other machines can reach has none; the adapter is not served. | Fix the authentication as the message says.
not-runnable | error or warning | A tool, route, resource, prompt, skill or function cannot work, and is not served; a warning where its author has not written yet what it calls. | Follow the message.
not-utf8 | error | A file is not UTF-8 text. | Save it as UTF-8.
nothing-exposed | error | Nothing that the document exposes can be run. | Add an adapter, with operations or tools that have a `call`.
older-version | warning | A document follows an older version; it is read as the newest. | Write the newest version.
output-without-mapping | warning | A property, or one of several outputs, has no `mapping`; it is the member of its name, or null. | Add a `mapping`, such as `$.name`.
path-without-placeholder | warning | A path parameter is not in the path; it is appended. | Write `{name}` where it belongs in the path.
prompt-name-characters | warning | A prompt's name is rejected by some MCP clients; it is served under another, and calls accept both. | Write letters, digits, `_` and `-`, a letter or `_` first.
prompt-name-long | warning | A prompt's name has more than 64 characters; it is served under another, and calls accept both. | Choose a shorter name.
provider-not-supported | warning | The `location` of a bind has no installed provider; environment variables are read. | Use a location that is supported, or none.
ref-overridden | warning | A function has a `ref` beside steps or a call of its own; the `ref` is ignored. | Keep one of the two.
schema-keyword | warning | A keyword of an input's schema is unsupported or invalid; it is ignored. | Follow the message, or write the tool's whole schema as `x-inputSchema`.
schema-root | warning | The root of a tool's `x-inputSchema` has keywords that major MCP clients reject; clients see an equivalent plain object. | Write the properties at the root, and describe which belong together.
self-reference | error | An alias is inside the value of its anchor. | Put the anchor on a smaller part, or write the part out.
several-documents | error | A file contains more than one YAML document. | Keep one capability in a file.
shared-document | info | A file only defines parts or values for other documents; there is nothing to serve. | Serve a document that uses it.
structured-key | error | A key is a mapping or a list, often a template without quotes. | Quote it: `'{{name}}'`.
too-deep | error | A document is nested more than 200 levels deep. | Reduce the nesting.
too-many-values | error | A document contains more than 500,000 values, or its aliases expand to more. | Split it, or write repeated parts once.
trimmed-value | warning | The value of a variable has spaces or line breaks around it, which are removed. | Remove them where the value is set.
truncated | warning | The published document was truncated. | Get the complete document from its author.
tunnel-not-opened | warning | An API behind a tunnel is called directly, as its `fallback` allows. | Write `fallback: fail` to prevent calls that bypass the tunnel.
two-origins | warning | A tool of a skill has both `from` and `instruction`; `from` is used. | Keep one of the two.
undeclared-argument | warning | A template in a prompt is not one of its arguments; it is not replaced. | Add it to the prompt's `arguments`, or correct the name.
undeclared-binding | warning | A variable is used that no bind declares; it comes from the environment. | Declare it under `binds`, or correct its name.
unknown-adapter | warning | No adapter of this type is installed; it is not served. | Correct the `type`, or install the adapter.
unknown-anchor | error | An alias names an anchor that is not defined before it. | Define the anchor above, or quote the value if it is text.
unknown-argument | warning | A function passes an operation an argument that it does not declare: a field of a body that the document does not describe, a query parameter of GET and DELETE, else not sent. | Declare it among the operation's `inputParameters`.
unknown-body-type | warning | The `type` of a body is not known; it is sent as JSON or text. | Write a type of the specification, such as `json`.
unknown-cache-scope | warning | `cacheScope` is neither `public` nor `private`; it is read as `private`. | Write one of the two.
unknown-format | warning | `outputRawFormat` is not a format; responses are read as JSON. | Write a format that is supported.
unknown-location | warning | A parameter has an unknown location; another one is used. | Write one of query, header, path, cookie, body.
unknown-method | warning | A method is not an HTTP method; GET is used. | Correct the method.
unknown-operation | error | A function calls an operation that the document does not consume; it is not served. | Correct the `call`: `namespace.operation`.
unknown-protocol | warning | A consumed API is not of type `http`; it is called over HTTP. | Write `type: http`.
unknown-role | warning | The role of a prompt's message is not known; it is read as `user`. | Write `user` or `assistant`.
unknown-source | error | A tool of a skill refers to an unknown adapter, tool or operation; it is not served. | Correct its `from`.
unknown-target | warning | A mapping fills an output that is not declared; the value is returned without a type. | Correct `targetName`, or declare the output.
unknown-type | warning | A parameter's `type` is not known; any value is accepted. | Write a type of JSON Schema, such as `string`.
unknown-version | warning | The version of the specification is not known; it is read as the newest. | Write a known version.
unmapped-bytes | warning | A function maps outputs of an operation that returns bytes; they are returned unchanged. | Remove `outputParameters`, or give the operation another `outputRawFormat`.
unreadable-env-file | warning | A file of environment variables cannot be read; its variables are missing. | Fix the file as the message says.
unreadable-file | error | A file cannot be read. | See the system error in the message, such as missing permissions.
unroutable-path | warning | The path of a route has a fragment, or a query with a variable, which cannot select requests; it is removed. | Declare what the query names as input parameters with `in: query`.
unsound-schema | warning | A keyword of an input's schema is not valid JSON Schema, or its default does not match; it is ignored. | Write valid JSON Schema (2020-12).
unusual-body | warning | A body is not sent as written, such as a structure as text. | Write a `json` body if possible.
variable-spelling | warning | A path and a parameter spell one variable differently; they are treated as the same. | Write the parameter's name in the path.
wrong-type | warning | A value does not have the type of its key; it is ignored. | Write the type that the message names.
wrong-value | warning | A fixed value is not of its declared type; it is returned as text. | Correct the value or the type.
yaml-syntax | error | A file is not YAML. | Check the indentation, quotes and brackets around the line.
"""

CODES: Final = tuple(Code(*line.split(" | ")) for line in _TABLE.splitlines())
"""Every code of loading that is not a rule too, in alphabetical order."""

"""The codes of the level ``runnable``: what loading tells, and how to mend it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Code(NamedTuple):
    """A code under which loading tells something.

    Attributes:
        id: The code, in kebab case.
        severity: ``error``, ``warning``, ``error or warning``, or ``info``.
        means: What was found, and what was made of it, in one line.
        mend: How to mend it, in one line.
    """

    id: str
    severity: str
    means: str
    mend: str


_TABLE: Final = """\
adapter-spelling | warning | An adapter has the type `api`; it is read as `rest`. | Write `type: rest`.
agent-skills | warning | A skill's `name` or `description` is not what the Agent Skills format asks for. | Write it as https://agentskills.io/specification says.
alias-as-key | error | An alias (`*name`) stands where a key must stand. | Write the key out.
ambiguous-call | warning | A call names several operations; the one that the unit's own method or path says is called. | Give each operation a name of its own.
authentication-shape | warning | An authentication is not one mapping with a `type`; it is read as one. | Write `authentication: {type: …}` with the scheme's settings beside `type`.
authentication-spelling | warning | A type or key of an authentication is spelled in another way than the specification does. | Write it as the hint says.
authentication-without-type | warning | An authentication has no `type`; its keys say which it is. | Add the `type`.
bad-address | warning | The `address` of an adapter is a template that cannot be filled in; it is left out. | Close every section of the template, or write the address itself.
bad-content | warning | A part of `x-content` is both text and a resource, or neither; it is left out. | Write `text`, or `resource` with the URI of a resource of the adapter.
bad-merge | error | `<<` has something else than a mapping or a list of mappings. | Give it an alias of a mapping.
bad-port | warning | A port is no number from 1 to 65535; the adapter's usual one is used. | Write a number from 1 to 65535.
bad-scripting | error | The `management.scripting` of a control adapter cannot be used; the usual limits hold. | Correct the value that the message names.
bad-size | warning | `maxBinarySize` is no size; the usual one is used. | Write a number and its unit, such as `10MiB`.
bad-time | warning | `x-timeout` is no number of seconds; the usual time limit is used. | Write a number greater than 0, such as `5`.
bare-variable | warning | A credential or fixed value is only the name of a bound variable; the variable's value is sent. | Write the name between double braces.
base-uri-query | warning | A base URI has a query, which is sent with every operation. | Write input parameters with `in: query` and a `value`.
base-uri-space | warning | A base URI holds a space, which is sent as `%20`. | Remove it, or write `%20`.
base-uri-variable | warning | A variable of a base URI is not between double braces. | Write `{{NAME}}`, and bind it under `binds`.
base-uri-without-scheme | warning | A base URI begins with `//`, or with a host name; https is used. | Write `https://`.
binding-braces | warning | A binding stands between other braces than it should, such as `${NAME}`; it is read as a binding. | Write `{{NAME}}`.
body-without-data | warning | A `body` has no `data`; it is made of the caller's arguments. | Write `data` with what is to be sent, or leave `body` out.
call-in-skill | warning | A tool of a skill has a `call`; it is read as the adapter's tool or operation that makes this call. | Write `from` with `sourceNamespace` and `action`.
cannot-be-called | warning | Every call of what stands here fails, such as for an authentication that is not supported. | Do as the message says; nothing is sent until then.
credential-passed-on | warning | A forward passes on the `Authorization` with which callers authenticate to the adapter. | Take it out of `trustedHeaders`, unless both are meant to see it.
document-too-large | error | A document is larger than 4 MiB. | Split it into several documents.
duplicate-function | error | A function of an aggregate is defined twice; the first one is used. | Give it another name.
duplicate-key | error | A key stands twice in one mapping. | Keep one of the two.
duplicate-namespace | warning | A namespace is consumed twice; the operations are merged, the first of a name wins. | Give one of the two another namespace.
duplicate-operation | warning | Consumed operations have one name; units that call it are left out, unless their method or path says which is meant. | Give it another name.
duplicate-prompt | warning | A prompt has the name of another once both are served under names that every client takes; it gets a free one. | Give it another name.
duplicate-route | warning | A route matches the same requests as an earlier one; it is left out. | Give it a path of its own, or a static query such as `?action=x`.
duplicate-skill | warning | A skill has the name of another; it is left out. | Give it another name.
duplicate-tool | warning | A tool has the name of another; it gets a free one, and in a skill it is left out. | Give it another name.
empty-adapter | warning | An adapter offers nothing. | Add `resources`, `tools` or `skills` to it.
fragment-in-path | warning | A path or base URI has a fragment (`#…`), which HTTP never sends. | Write a header or query parameter with a `value`.
fragment-in-route | warning | A fragment (`#…`) tells routes of one path apart; it is read as a query or header. | Write it as a query, such as `?action=x`.
import-circular | error | Files import an entry from one another, so that nobody defines it. | Define it in one of them, and import it from there.
import-empty | error | A file that is imported from has nothing in that section. | Name the file that defines it.
import-not-found | error | A file that is imported from does not exist. | Correct the path: it begins at the folder of the file that it is written in.
import-not-passed-on | error | What is imported is itself imported, and that fails. | Mend that import first.
import-not-readable | error | A file that is imported from cannot be read, or is not YAML. | Mend that file first.
import-not-yaml | error | A file that is imported from is not named as YAML or JSON. | Give its name an ending `.yaml`, `.yml` or `.json`.
import-of-control | error | A control adapter is imported under another name. | Leave `as` out.
import-of-openapi | error | An OpenAPI document is imported; those are not run. | Write what is called of it under `consumes`.
import-remote | error | An import names a URL; nothing is fetched. | Save the file beside the document, and write its path.
import-too-far | error | More than 32 imports lead from one to the next. | Name the file that defines the entry.
import-too-much | error | What is imported is larger than a document may be. | Import less, or split the document.
import-unknown-namespace | error | A file that is imported from does not define that namespace. | Name one that it defines.
impossible-style | warning | A parameter's `style`, `explode`, `allowReserved` or `collectionFormat` cannot be used in its place or with its type; it is left out. | Write one that the OpenAPI specification has for the place and the type.
inexact-call | warning | A `call` names an operation in another spelling or form; that operation is called. | Write its name as it is defined.
input-mapping | warning | An input has a `mapping`; it is read as `with`, or ignored where `with` says what fills what. | Name the consumed parameter under `with`.
invalid-document | error | A part of the document cannot be understood. | Correct what the message names.
key-placement | warning | An API key is sent in a place that the specification does not have. | Write `placement: header` or `query` where the API takes it there too.
misplaced-tools | warning | Tools stand on a skill adapter itself; they are read as one skill. | Put them under `skills`.
missing-capability | warning | `consumes` and `exposes` stand at the root; they are read as the capability's. | Put them below a root key `capability`.
missing-location | warning | A parameter does not say where it travels and its place is guessed, or the files of a skill are not there. | Write `in`, or correct the `location` of the skill.
missing-method | warning | An operation has no `method`; GET is used. | Write the method.
missing-type | warning | An adapter or a step has no `type`; it is guessed from its keys, or the adapter is left out. | Write the `type`.
missing-version | warning | A document does not say which specification it follows; it is read as the newest naftiko line. | Begin with `naftiko: 1.0.0-alpha2`.
nameless-aggregate | warning | An aggregate has no `namespace`; nothing can refer to it. | Add `namespace`.
nameless-consumes | warning | A consumed API has no `namespace`; it cannot be called. | Add `namespace`.
nameless-mapping | warning | A mapping of steps does not say where its value goes; it is left out. | Write `targetName`.
nameless-parameter | warning | An input parameter has no name; it is left out. | Add `name`.
nameless-skill | warning | A skill has no `name`; it is left out. | Add `name`.
nameless-tool | warning | A tool has no `name`; it is left out. | Add `name`.
no-capability | error | A document has no `capability`. | Put `consumes` and `exposes` below a root key `capability`; of a shared file, run a document that imports it.
no-credential | warning | An apikey authentication names no value; calls go out without it. | Add `value`, and bind its variable.
no-documents | error | A folder that is to be validated holds no YAML file. | Name a folder of documents, or the documents.
no-such-file | error | A file that is to be validated or run does not exist. | Check the path.
no-token-endpoint | warning | An oauth2 authentication does not say where tokens are given; the token comes from the environment. | Add `tokenEndpoint` or `authorizationServerUri`, with `clientId` and `clientSecret`.
not-a-file | error | What should be a document is a folder. | Name the document.
not-a-mapping | error | A document is no mapping, but text, a list or nothing. | Begin with `naftiko`, `info` and `capability`.
not-guarded | error | The authentication that callers of an adapter need cannot be used; the adapter is left out. | Correct the authentication as the message says, or write `type: none`.
not-runnable | error or warning | A tool, route, resource, prompt, skill or function cannot work, and is left out; a warning where its author has only not written what it calls. | Do as the message says.
not-utf8 | error | A file is not UTF-8 text. | Save it as UTF-8.
nothing-exposed | error | Nothing that the document exposes can be run. | Add an adapter, with operations or tools that have a `call`.
older-version | warning | A document follows an older version; it is read as the newest. | Write the newest version.
output-without-mapping | warning | A property, or one of several outputs, has no `mapping`; it is the member of its name, or null. | Add a `mapping`, such as `$.name`.
path-without-placeholder | warning | A parameter travels in the path, which has no place for it; it is appended. | Write `{name}` where it belongs in the path.
prompt-name-characters | warning | A prompt's name is one that some MCP clients refuse; it is called otherwise, and answers to both. | Write letters, digits, `_` and `-`, a letter or `_` first.
prompt-name-long | warning | A prompt's name has more than 64 characters; it is called otherwise, and answers to both. | Choose a shorter name.
provider-not-supported | warning | The `location` of a bind is of a kind that nothing installed reads; environment variables are read. | Use a location that is supported, or none.
ref-overridden | warning | A unit has a `ref` beside steps or a call of its own; the `ref` is not followed. | Keep one of the two.
schema-keyword | warning | A keyword of an input's schema is one that inputs do not have, or is not in its form; it is left out. | Write it as the message says, or the tool's whole schema as `x-inputSchema`.
schema-root | warning | The root of a tool's `x-inputSchema` has keywords that big MCP clients refuse; they are shown a plain object. | Write the properties at the root, and say in descriptions which belong together.
self-reference | error | An alias stands inside of what its anchor marks. | Put the anchor on a smaller part, or write the part out.
several-documents | error | A file holds more than one YAML document. | Keep one capability in a file.
shared-document | info | A file only defines parts or values for other documents; there is nothing to serve. | Serve a document that uses it.
structured-key | error | A key is a mapping or a list, often a template without quotes. | Quote it: `'{{name}}'`.
too-deep | error | A document is nested more than 200 levels deep. | Write it flatter.
too-many-values | error | A document holds more than 500,000 values, or its aliases unfold to more. | Split it, or write repeated parts once.
trimmed-value | warning | The value of a variable has spaces or line breaks around it, which are left out. | Remove them where the value is set.
truncated | warning | A document was cut off where it was published. | Fetch the whole document from its author.
tunnel-not-opened | warning | An API behind a tunnel is called directly, as its `fallback` says. | Write `fallback: fail` to have no call go past the tunnel.
two-origins | warning | A tool of a skill has both `from` and `instruction`; `from` is followed. | Keep one of the two.
undeclared-argument | warning | A template in a prompt names none of its arguments; it stays as it is written. | Add it to the prompt's `arguments`, or correct the name.
undeclared-binding | warning | A variable is read that no bind declares; it comes from the environment. | Declare it under `binds`, or correct its name.
unknown-adapter | warning | Nothing installed exposes adapters of this type; it is left out. | Correct the `type`, or install what serves it.
unknown-anchor | error | An alias names an anchor that is not defined before it. | Define the anchor above, or quote the value if it is text.
unknown-argument | warning | A unit gives an operation an argument that it does not declare: a field of a body that the document does not describe, a query parameter of GET and DELETE, else not sent. | Declare it among the operation's `inputParameters`.
unknown-body-type | warning | The `type` of a body is not known; it is sent as JSON or text. | Write a type of the specification, such as `json`.
unknown-cache-scope | warning | `cacheScope` is neither `public` nor `private`; it is read as `private`. | Write one of the two.
unknown-format | warning | `outputRawFormat` is not a format; answers are read as JSON. | Write a format that is supported.
unknown-location | warning | A parameter travels in a place that requests do not have; it is guessed. | Write one of query, header, path, cookie, body.
unknown-method | warning | A method is none of HTTP; GET is used. | Correct the method.
unknown-operation | error | A unit calls what the document does not consume; it is left out. | Correct the `call`: `namespace.operation`.
unknown-protocol | warning | A consumed API is not of type `http`; it is called over HTTP. | Write `type: http`.
unknown-role | warning | The role of a prompt's message is not known; it is read as `user`. | Write `user` or `assistant`.
unknown-source | error | A tool of a skill comes from an adapter or unit that there is not; it is left out. | Correct its `from`.
unknown-target | warning | A mapping fills an output that is not declared; the value is in the answer without a type. | Correct `targetName`, or declare the output.
unknown-type | warning | A parameter's `type` is not known; any value is accepted. | Write a type of JSON Schema, such as `string`.
unknown-version | warning | The version of the specification is not known; it is read as the newest. | Write a version that is known.
unmapped-bytes | warning | A unit maps outputs of an operation that gives bytes; they are passed on whole. | Leave `outputParameters` out, or give the operation another `outputRawFormat`.
unreadable-env-file | warning | A file of environment variables cannot be read; its variables are missing. | Mend the file as the message says.
unreadable-file | error | A file cannot be read. | See the system's words in the message, such as for its permissions.
unroutable-path | warning | The path of a route has a fragment, or a query with a variable, which selects no request; it is dropped. | Declare what the query names as input parameters with `in: query`.
unsound-schema | warning | A keyword of an input's schema is not JSON Schema, or its default does not fit; it is left out. | Write it as JSON Schema (2020-12) has it.
unusual-body | warning | A body is sent in a way that not every reader would expect, such as a structure as text. | Write a `json` body where it will do.
variable-spelling | warning | A path and a parameter spell one variable in two ways; they are taken for one. | Write the parameter's name in the path.
wrong-type | warning | A value is not of the kind that its key takes; it is left out. | Write the kind that the message names.
wrong-value | warning | A fixed value is not of its declared type; it is given as text. | Correct the value or the type.
yaml-syntax | error | A file is not YAML. | Check the indentation, quotes and brackets around the line.
"""

CODES: Final = tuple(Code(*line.split(" | ")) for line in _TABLE.splitlines())
"""Every code of loading that is not a rule's too, in alphabetical order."""

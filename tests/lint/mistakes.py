"""A document of each spec line with nearly every object of it, and a key too many in each."""

NAFTIKO = """\
naftiko: 1.0.0-alpha2
x-owner: fleet team
info: {label: Fleet, title: Fleet, description: Ships, ▶lable: Fleet}
binds:
- {namespace: env, keys: {ANY: any}, ▶loaction: 'file:///x'}
capability:
  ▶workflow: x
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.test
    authentication: {type: apikey, in: header, name: X-Key, value: '{{ANY}}', ▶realm: x}
    resources:
    - path: /ships
      ▶operation: []
      operations:
      - name: get
        method: GET
        id: get
        ▶parameters: []
        inputParameters:
        - {name: id, in: query, type: string, description: An id, required: true, ▶mapping: $.id}
        outputParameters:
        - {name: all, type: array, value: $., ▶items: {type: object, properties: []}, ▶vlaue: 1}
        body: {type: json, data: {any: thing, at: all}}
  exposes:
  - type: rest
    namespace: rest
    description: Known to loading, not to the schema
    resources:
    - path: /ships
      operations:
      - {method: GET, call: api.get, with: {any: key}, ▶hints: {readOnly: true}}
      ▶verbs: 1
  - type: mcp
    namespace: mcp
    tools:
    - {name: t, call: api.get, hints: {readOnly: true, ▶readonly: true}, x-note: ours}
  - type: graphql
    whatever: a plugin reads
"""

IKANOS = """\
ikanos: 1.0.0-beta5
info:
  display: Fleet
  description: Ships
  stakeholders:
  - {role: owner, fullName: Ada, email: ada@fleet.test, ▶phone: 1}
capability:
  consumes:
  - {from: ./shared.yml, import: registry, as: reg, ▶into: x}
  - type: http
    namespace: api
    baseUri: https://api.test
    tunnel: {type: ziti, service: s, identity: '{{ID}}', fallback: fail, ▶retry: 1}
    resources:
      ships:
        path: /ships
        operations:
          list-ships:
            method: POST
            body: {type: multipartForm, data: [{name: a, value: b, ▶mime: x}]}
  aggregates:
  - display: Fleet
    namespace: fleet
    flows:
      get-ship:
        description: One
        semantics: {safe: true, ▶cachable: true}
        steps:
          first: {type: call, call: api.list-ships, with: {any: key}, ▶wiht: {}}
          second: {type: lookup, index: first, match: id, lookupValue: $.x, outputParameters: [name, role]}
        mappings:
        - {target: name, value: $.first.name, ▶targets: x}
        outputParameters:
          crew:
            type: array
            items:
              name: {type: string}
              type: {type: string, ▶typ: x}
  exposes:
  - type: mcp
    namespace: mcp
    ttlMs: 10
    resources:
      ship: {display: Ship, uri: 'ship://1', description: One, ▶url: x}
    prompts:
      ask: {description: Ask, template: [{role: user, content: Hi, ▶text: Hi}], arguments: {who: {▶desc: x}}}
  - type: skill
    namespace: skills
    port: 3003
    skills:
      ops:
        description: Ops
        tools:
          get: {description: Get, from: {sourceNamespace: mcp, action: get, ▶namespace: mcp}}
  - type: control
    port: 9999
    management: {health: true, logs: {stream: true, ▶steam: true}, scripting: {enabled: true, ▶lang: x}}
    observability: {traces: {local: {buffer-size: 5, ▶size: 5}}, exporters: {otlp: {endpoint: x, ▶url: y}}}
"""

"""Documents that conform to their specification, with nearly everything that it knows."""

from __future__ import annotations

from typing import Any

from naftiko_run.document.source import parse

NAFTIKO = """\
naftiko: 1.0.0-alpha2
info:
  label: Orders
  description: What a shop does with orders
  tags: [shop]
  created: '2026-01-31'
  stakeholders:
  - {role: owner, fullName: Ada Example, email: ada@shop.example}
binds:
- namespace: env
  keys: {SHOP_TOKEN: shop-token}
- namespace: vault
  location: vault://shop
  keys: {SHOP_KEY: shop_key}
capability:
  aggregates:
  - label: Orders
    namespace: orders
    functions:
    - name: get-order
      description: One order
      semantics: {safe: true, idempotent: true, cacheable: false}
      inputParameters:
      - {name: order_id, type: integer, description: Which order}
      call: shop.get-order
      with: {id: tools.order_id, depth: 2}
      outputParameters:
      - {type: string, mapping: $.id}
    - name: about
      description: What this is
      outputParameters:
      - {name: text, type: string, value: A shop}
  consumes:
  - import: stock
    location: ./stock.yaml
    as: warehouse
  - type: http
    namespace: shop
    baseUri: https://shop.example/api
    authentication: {type: bearer, token: '{{SHOP_TOKEN}}'}
    inputParameters:
    - {name: X-Shop, in: header, value: main}
    resources:
    - name: orders
      path: /orders/{id}
      operations:
      - name: get-order
        method: GET
        outputRawFormat: json
        inputParameters:
        - {name: id, in: path}
        outputParameters:
        - {name: total, type: number, value: $.total}
      - name: put-order
        method: PUT
        body: {type: json, data: {note: '{{tools.note}}'}}
      - name: search
        method: POST
        body: {type: formUrlEncoded, data: {q: '{{tools.q}}'}}
      - name: import-orders
        method: POST
        body:
          type: multipartForm
          data:
          - {name: file, value: '{{tools.file}}', filename: orders.csv, contentType: text/csv}
      - name: raw
        method: POST
        body: plain text
  exposes:
  - type: rest
    namespace: shop-rest
    port: 8080
    address: localhost
    authentication:
      type: oauth2
      authorizationServerUri: https://id.shop.example
      resource: https://shop.example
      tokenValidation: jwks
    resources:
    - path: /orders/{id}
      inputParameters:
      - {name: id, in: path, type: string, description: Which order, pattern: '[0-9]+'}
      operations:
      - method: GET
        call: shop.get-order
        outputParameters:
        - type: object
          properties:
            id: {type: string, mapping: $.id}
            lines:
              type: array
              mapping: $.lines
              items: {type: number, value: '1', const: 1}
      - method: PUT
        name: replace
        steps:
        - {type: call, name: old, call: shop.get-order, with: {id: rest.id}}
        - {type: lookup, name: line, index: old, match: id, lookupValue: $.old.id, outputParameters: [id]}
        - {type: script, name: sum, language: python, location: file:///scripts, file: sum.py, dependencies: [a.py]}
        mappings:
        - {targetName: order.id, value: $.line.id}
        outputParameters:
        - {name: order, type: object, properties: {id: {name: id, type: string}}}
        - {name: lines, type: array, items: [{name: line, type: number}]}
      - method: DELETE
        ref: orders.get-order
    - path: /shop/{rest}
      forward: {targetNamespace: shop, trustedHeaders: [X-Shop]}
  - type: mcp
    namespace: shop-mcp
    port: 9090
    tools:
    - name: get-order
      description: One order
      call: shop.get-order
      hints: {readOnly: true, openWorld: false}
    - ref: orders.get-order
    resources:
    - name: order
      label: Order
      uri: shop://orders/{id}
      description: One order
      mimeType: application/json; charset=utf-8
      call: shop.get-order
    - name: manual
      label: Manual
      uri: shop://manual
      description: How it works
      location: file:///manual
    prompts:
    - name: greet
      label: Greeting
      description: Says hello
      arguments:
      - {name: who, description: Whom to greet, required: true}
      template:
      - {role: user, content: 'Hello {{who}}'}
  - type: mcp
    namespace: shop-stdio
    transport: stdio
    tools:
    - ref: orders.get-order
  - type: skill
    namespace: shop-skills
    port: 3010
    skills:
    - name: ordering
      description: Everything about orders
      allowed-tools: get-order
      metadata: {team: shop}
      tools:
      - {name: get-order, description: One order, from: {sourceNamespace: shop-mcp, action: get-order}}
      - {name: advise, description: Advice, instruction: Be brief}
  - type: control
    port: 9091
    address: ::1
    management:
      health: true
      logs: {stream: true, max-subscribers: 20}
      scripting: {enabled: true, timeout: 1000, allowedLanguages: [python]}
    observability:
      metrics: {local: {enabled: true}}
      traces: {sampling: 0.5, propagation: w3c, local: {buffer-size: 10}}
      exporters: {otlp: {endpoint: 'http://collector:4317'}}
"""

IKANOS = """\
ikanos: 1.0.0-beta5
info:
  display: Orders
  description: What a shop does with orders
  version: '2'
binds:
- {from: ./binds.yaml, import: env}
capability:
  binds:
  - namespace: env
    keys: {SHOP_TOKEN: shop-token}
  aggregates:
  - {from: ./aggregates.yaml, import: stock, as: warehouse}
  - display: Orders
    flows:
      get-order:
        description: One order
        tags: [orders]
        outputMediaType: application/json
        inputParameters:
          order_id: {type: integer, description: Which order, required: true}
        call: shop.get-order
        outputParameters:
        - {type: string, mapping: $.id}
      both:
        description: Two orders
        steps:
          first: {type: call, call: shop.get-order}
        mappings:
        - {target: id, value: $.first.id}
        outputParameters:
          id: {type: string}
          lines: {type: array, items: {line: {type: number}}}
          total: {type: object, properties: {sum: {type: number}}}
  consumes:
  - type: http
    namespace: shop
    baseUri: https://shop.example/api
    tunnel: {type: ziti, service: shop, identity: '{{SHOP_TOKEN}}', fallback: direct}
    resources:
      orders:
        display: Orders
        tags: [orders]
        path: /orders/{id}
        operations:
          get-order:
            method: GET
            tags: [orders]
            inputParameters:
              id: {in: path}
            outputParameters:
              total: {type: number, value: $.total}
          get-invoice:
            method: GET
            outputRawFormat: binary
            outputMediaType: application/pdf
            maxBinarySize: 1.5MiB
  exposes:
  - {from: ./exposes.yaml, import: admin}
  - type: rest
    namespace: shop-rest
    port: 8080
    maxBinarySize: 10MiB
    resources:
      orders:
        path: /orders/{id}
        tags: [orders]
        operations:
          get-order:
            method: GET
            tags: [orders]
            call: shop.get-order
            responses:
              '200':
                description: The order
                content: {application/json: {binary: false, schema: {type: object}}}
              4XX: {}
          get-invoice:
            method: GET
            call: shop.get-invoice
            responseBinary: {mediaType: application/pdf, status: 200}
  - type: mcp
    namespace: shop-mcp
    port: 9090
    maxBinarySize: 64KiB
    ttlMs: 1000
    cacheScope: private
    tools:
      get-order:
        description: One order
        tags: [orders]
        call: shop.get-order
      about:
        description: What this is
        outputParameters:
          text: {type: string, value: A shop}
    resources:
      invoice:
        display: Invoice
        uri: shop://invoices/{id}
        description: One invoice
        binary: true
        call: shop.get-invoice
        outputParameters: []
    prompts:
      greet:
        display: Greeting
        description: Says hello
        arguments: {}
        location: file:///greeting
  - type: skill
    namespace: shop-skills
    port: 3010
    skills:
      ordering:
        description: Everything about orders
        tools:
          advise: {description: Advice, instruction: Be brief}
"""


def naftiko() -> Any:
    """A document of the Naftiko line."""
    return parse(NAFTIKO).data


def ikanos() -> Any:
    """A document of the Ikanos line."""
    return parse(IKANOS).data

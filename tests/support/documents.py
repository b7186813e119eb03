"""Capability documents that tests serve."""

from __future__ import annotations

from pathlib import Path

PIPELINES = Path(__file__).parents[2] / "capabilities" / "pipelines-track.yaml"
CREDENTIALS = {"CUSTOMER_IO_USER": "site-7", "CUSTOMER_IO_PASS": "hunter2-secret"}

SHOP = """\
naftiko: 1.0.0-alpha2
info:
  label: Shop
  description: Everything that a shop does
binds:
- namespace: env
  keys:
    SHOP_TOKEN: SHOP_TOKEN
capability:
  consumes:
  - type: http
    namespace: shop
    baseUri: https://shop.example/api
    authentication:
      type: bearer
      token: '{{env.SHOP_TOKEN}}'
    resources:
    - path: /items
      operations:
      - name: list-items
        method: GET
        inputParameters:
        - {name: q, in: query, type: string}
        - {name: page, in: query, type: integer}
        - {name: tags, in: query, type: array}
      - name: add-item
        method: POST
        inputParameters:
        - {name: body, in: body, type: object, required: true}
    - path: /items/{id}
      operations:
      - name: get-item
        method: GET
        inputParameters:
        - {name: X-Trace, in: header, type: string}
      - name: delete-item
        method: DELETE
    - path: /shelves/{shelf_id}
      operations:
      - {name: get-shelf, method: GET}
    - path: /orders
      operations:
      - name: add-order
        method: POST
        inputParameters:
        - {name: sku, in: body, type: string, required: true}
        - {name: count, in: body, type: integer, required: true}
  exposes:
  - type: rest
    namespace: shop-rest
    resources:
    - path: /items
      operations:
      - {method: GET, name: list-items, call: shop.list-items}
      - {method: POST, name: add-item, call: shop.add-item}
    - path: /items/{id}
      operations:
      - {method: GET, name: get-item, call: shop.get-item}
      - {method: DELETE, name: delete-item, call: shop.delete-item}
    - path: /shelves/{shelf-id}
      operations:
      - {method: GET, name: get-shelf, call: shop.get-shelf, with: {shelf_id: rest.shelf_id}}
    - path: /orders
      operations:
      - {method: POST, name: add-order, call: shop.add-order}
    - path: /items/{id}/name
      operations:
      - method: GET
        name: get-name
        call: shop.get-item
        outputParameters:
        - {name: name, type: string, mapping: $.name}
  - type: mcp
    namespace: shop-mcp
    tools:
    - {name: list-items, description: List items, call: shop.list-items}
    - {name: add-item, description: Add an item, call: shop.add-item}
    - {name: get-item, description: Get an item, call: shop.get-item}
    - {name: add-order, description: Order something, call: shop.add-order}
"""
SHOP_TOKEN = {"SHOP_TOKEN": "t0ken-of-the-shop"}


def small(name: str, *, path: str = "/things", rest: str = "", mcp: str = "", variable: str = "") -> str:
    """Give a document with one route and one tool, both of which call one operation.

    Args:
        name: Its label, consumed namespace, and the beginning of its adapters' namespaces.
        path: The route.
        rest: Further lines of the REST adapter, such as ``port: 9000``.
        mcp: Further lines of the MCP adapter.
        variable: The environment variable of a bearer token; empty for no authentication.
    """
    authentication = f"authentication: {{type: bearer, token: '{{{{env.{variable}}}}}'}}" if variable else ""
    return f"""\
naftiko: 1.0.0-alpha2
info: {{label: {name}}}
capability:
  consumes:
  - type: http
    namespace: {name}
    baseUri: https://{name}.example
    {authentication}
    resources:
    - path: /of-{name}
      operations:
      - {{name: get, method: GET}}
  exposes:
  - type: rest
    namespace: {name}-rest
    {rest}
    resources:
    - path: {path}
      operations:
      - {{name: get, method: GET, call: {name}.get}}
  - type: mcp
    namespace: {name}-mcp
    {mcp}
    tools:
    - {{name: {name}-tool, description: Get it, call: {name}.get}}
"""


def written(folder: Path, text: str, name: str = "shop.yaml") -> Path:
    """Write a document to a file, and give it."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file

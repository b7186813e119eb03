"""A document of 63 tools, as a company has them: customers, invoices, pipelines, issues, …"""

from __future__ import annotations

import json
from collections.abc import Iterable

KINDS = {
    "customer": "a person or company that buys from us",
    "invoice": "a bill sent to a customer, with its amount and due date",
    "payment": "money received for an invoice",
    "order": "goods that were ordered, and their delivery",
    "ticket": "a support case raised by a customer",
    "pipeline": "a continuous integration run of a repository",
    "issue": "a bug or feature request of a repository",
    "repository": "source code under version control",
    "employee": "a member of staff, with salary and holidays",
}
VERBS = {
    "list": "Lists every {}, the newest first: {}.",
    "get": "Gives one {} by its identifier: {}.",
    "create": "Adds a new {}: {}.",
    "update": "Changes some fields of a {}: {}.",
    "delete": "Removes a {} for good: {}.",
}
SPECIAL = {
    "sendInvoiceReminder": "Mails the debtor of an overdue bill.",
    "refund_payment": "Gives a customer their money back.",
    "retry-pipeline": "Starts the failed jobs of a build once more.",
    "cancel-pipeline": "Stops a build that is running.",
    "assign-issue": "Gives a bug to a developer.",
    "comment-on-issue": "Adds a remark to a bug.",
    "merge-branch": "Merges a branch into another.",
    "request-leave": "Asks for holidays of an employee.",
    "export-customers-csv": "Downloads all customers as a spreadsheet.",
    "track-parcel": "Tells where a delivery is now.",
    "search-everything": "Full text search over all records.",
    "close-ticket": "Marks a support case as solved.",
    "escalate-ticket": "Passes a support case to the second level.",
    "archive-repository": "Makes source code read-only.",
    "calculate-vat": "Computes the value added tax of an amount for a country.",
    "convert-currency": "Converts an amount at the rate of a day.",
    "upload-attachment": "Stores a file beside an issue or a ticket.",
    "get-weather": "Tells the forecast of a city.",
}
NUMBER = len(KINDS) * len(VERBS) + len(SPECIAL)


def name_of(verb: str, kind: str) -> str:
    """Give the name of a tool that does something with a kind of thing."""
    plural = f"{kind.removesuffix('y')}ies" if kind.endswith("ry") else f"{kind}s"
    return f"{verb}-{plural if verb == 'list' else kind}"


def many_tools(namespace: str = "company", upstream: str = "https://api.example") -> str:
    """Give the document."""
    tools = [
        _tool(name_of(verb, kind), told.format(kind, what), has_id=verb != "list")
        for kind, what in KINDS.items()
        for verb, told in VERBS.items()
    ]
    tools += [_tool(name, told, has_id=False) for name, told in SPECIAL.items()]
    return _document(namespace, tools, upstream)


def one_kind(kind: str, upstream: str = "https://api.example") -> str:
    """Give a document of a company that deals with one kind of thing."""
    tools = [
        _tool(verb, told.format("record", "one of its records"), has_id=verb != "list")
        for verb, told in VERBS.items()
    ]
    return _document(kind, tools, upstream)


def _tool(name: str, description: str, *, has_id: bool) -> str:
    inputs = [{"name": "id", "type": "string", "required": True, "description": "Its identifier"}]
    safe = name.startswith(("list", "get", "search"))
    tool = {
        "name": name,
        "description": description,
        "call": "api.look" if has_id else "api.all",
        "hints": {"readOnly": safe},
        "inputParameters": inputs if has_id else [],
    }
    return f"    - {json.dumps(tool)}"


def _document(namespace: str, tools: Iterable[str], upstream: str) -> str:
    return "\n".join(
        [
            "naftiko: 1.0.0-alpha2",
            f"info: {{label: {namespace.title()}, description: Everything of {namespace}}}",
            "capability:",
            "  consumes:",
            "  - type: http",
            "    namespace: api",
            f"    baseUri: {upstream}",
            "    resources:",
            "    - {path: '/things/{id}', operations: [{name: look, method: GET}]}",
            "    - {path: /things, operations: [{name: all, method: GET}]}",
            "  exposes:",
            "  - type: mcp",
            f"    namespace: {namespace}",
            "    tools:",
            *tools,
        ]
    )

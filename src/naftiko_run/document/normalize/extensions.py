"""Extensions of the specification: ``x-content``, ``x-asks`` and ``x-inputSchema``."""

from __future__ import annotations

from typing import Any, Final

from naftiko_run.document.normalize.reader import Reader

_ANSWERERS = ("user", "model", "roots")


def normalize_content(written: Reader) -> list[dict[str, Any]]:
    """Return the parts of ``x-content``, each a text or a resource."""
    parts = []
    for part in written.members("x-content"):
        text, resource = part.text("text"), part.text("resource")
        if bool(text) == bool(resource):
            part.report.warning(
                "bad-content",
                "a part of `x-content` must be either a text or a resource; it was ignored",
                part.at,
                hint="write `text: …`, or `resource:` with the URI of a resource of this adapter",
            )
            continue
        parts.append({"pointer": part.at, "text": text, "resource": resource})
    return parts


def normalize_asks(written: Reader) -> list[dict[str, Any]]:
    """Return the questions of ``x-asks``, in the author's order.

    Raises:
        ValueError: A question has no recipient or no name; the call must not run without it.
    """
    asks = []
    for ask in written.members("x-asks"):
        name = ask.text("name") or ask.key
        answerers = [each for each in _ANSWERERS if each in ask.data]
        if not name or len(answerers) != 1:
            fault = "needs one of `user`, `model` and `roots`" if name else "has no `name`"
            raise ValueError(f"the question `{name or '?'}` of its `x-asks` {fault}")
        (of,) = answerers
        answer, most = ask.mapping("answer"), ask.data.get("maxTokens")
        asks.append(
            {
                "pointer": ask.at,
                "name": name,
                "of": of,
                "text": "" if of == "roots" else ask.text(of),
                "answer": answer.data if answer else {"type": "object", "properties": {}},
                "maxTokens": most if isinstance(most, int) and most > 0 else 1000,
                "required": ask.flag("required") is not False,
            }
        )
    return asks


_REFUSED_AT_ROOT: Final = frozenset(("anyOf", "oneOf", "allOf", "not", "enum", "const", "$ref"))


def normalize_schema(function: Reader) -> dict[str, Any] | None:
    """Return ``x-inputSchema``; None where the schema is built from the inputs.

    Clients check the root of a tool's schema more strictly than JSON Schema
    requires, and one that they reject makes all tools unavailable: the root is
    rewritten in an equivalent form that they accept.
    """
    written = function.mapping("x-inputSchema")
    if written is None:
        return None
    if refused := sorted(_REFUSED_AT_ROOT.intersection(written.data)):
        written.report.warning(
            "schema-root",
            f"MCP clients refuse `{'`, `'.join(refused)}` at the root of a tool's schema: they are shown a plain object "
            "with the properties of all branches, and arguments are checked against what is written",
            written.at,
            hint="write the properties at the root, and say in descriptions which of them belong together",
        )
    schema = {"type": "object", **written.data}
    if isinstance(schema["type"], list) and "object" in schema["type"]:
        schema["type"] = "object"
    properties = schema.get("properties")
    if isinstance(properties, dict):
        schema["properties"] = {name: _as_object(each) for name, each in properties.items()}
    return schema


def _as_object(schema: Any) -> Any:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema

"""``naftiko list``: print what documents consume and expose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from naftiko_run.capability import Settings, load
from naftiko_run.capability.inventory import inventory
from naftiko_run.cli.console import error_console, output_console, print_fault, print_json
from naftiko_run.cli.diagnostics import print_refusal
from naftiko_run.cli.documents import NO_INPUT, NoDocuments, documents_at, local_path
from naftiko_run.cli.run import BAD_DOCUMENT, OK
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.remote import shown_name
from naftiko_run.errors import DocumentError, SharedDocument


def list_documents(files: Sequence[str], *, as_json: bool, env_files: Sequence[Path] | None) -> int:
    """Print what documents consume, expose and miss; return the exit code.

    Documents of a folder that cannot be served are skipped, with their errors, as long as there is another one.
    """
    settings = Settings(env_files=env_files)
    console = error_console()
    listed: dict[Path, dict[str, Any]] = {}
    exit_code, skipped = OK, False
    for written in files:
        try:
            named = local_path(written, console)
            paths = documents_at(named)
        except (NoDocuments, DocumentError) as fault:
            listed[Path(written)] = _without_documents(written, fault, console)
            exit_code = NO_INPUT
            continue
        for path in paths:
            if path in listed:
                continue
            try:
                listed[path] = inventory(load(path, settings))
            except SharedDocument as fault:
                print_refusal(console, fault)
                listed[path] = _refused(path, fault.diagnostics)
            except DocumentError as fault:
                print_refusal(console, fault)
                listed[path] = _refused(path, fault.diagnostics)
                if path != named:  # found in a folder
                    skipped = True
                    continue
                is_absent = fault.diagnostics[0].code == "no-such-file"
                exit_code = NO_INPUT if is_absent or exit_code == NO_INPUT else BAD_DOCUMENT
    if skipped and exit_code == OK and all("findings" in each for each in listed.values()):
        exit_code = BAD_DOCUMENT
    if as_json:
        print_json([*listed.values()])
    else:
        for each in listed.values():
            if "findings" not in each:
                _print(each, output_console())
    return exit_code


def _without_documents(written: str, fault: NoDocuments | DocumentError, console: Console) -> dict[str, Any]:
    """Print and describe a folder without documents, or a URL that cannot be fetched."""
    if isinstance(fault, NoDocuments):
        print_fault(console, fault)
        return _refused(Path(written), [fault.diagnostic])
    print_refusal(console, fault)
    return _refused(Path(fault.diagnostics[0].file), fault.diagnostics)


def _refused(path: Path, found: Sequence[Diagnostic]) -> dict[str, Any]:
    """Describe a document that cannot be served, by its diagnostics, as ``naftiko validate`` does."""
    from naftiko_run.lint import with_excerpts  # imported lazily: only refused documents need it

    return {"file": str(path), "findings": [each.as_data() for each in with_excerpts(found)]}


def _print(listed: Mapping[str, Any], console: Console) -> None:
    def line(*parts: str | tuple[str, str]) -> None:
        console.print(Text.assemble(*parts), soft_wrap=True)

    line((listed["label"], "bold"), f"  {shown_name(listed['file'])}")
    for consumes in listed["consumes"]:
        line(("consumes ", "cyan"), f"{consumes['namespace']}  {consumes['baseUri']}")
        for operation in consumes["operations"]:
            unused = "" if operation["calledBy"] else "  (nothing exposed calls it)"
            line(f"  {operation['name']}  {operation['method']} {operation['path']}", (unused, "yellow"))
    for exposes in listed["exposes"]:
        demand = f"  authentication: {exposes['authentication']}" if "authentication" in exposes else ""
        port = f"port {exposes['port']}" if exposes["port"] else "default port"
        place = f"{exposes['namespace']}  {port}"
        line((f"{exposes['type']} ", "cyan"), place, (demand, "green"))
        if "reason" in exposes:
            line("  ", (f"not served: {exposes['reason']}", "red"))
        for unit in exposes["units"]:
            if "tools" in unit:
                line(f"  {unit['name']}  {_target(unit['tools'], 'files')}")
                continue
            if "calls" not in unit:
                line(f"  {unit['name']}  ", (f"not served: {unit['reason']}", "red"))
                continue
            line(f"  {unit['name']}  {_target(unit['calls'], unit.get('content', 'mock'))}")
            for name, schema in unit["inputs"]["properties"].items():
                line("      ", *_input(name, schema, unit["inputs"].get("required", ())))
            if "reason" in unit:
                line("      ", (f"cannot be called: {unit['reason']}", "red"))
    for missing in listed["missing"]:
        remedy = f"; {missing['remedy']} ({missing['reason']})" if missing["reason"] else ""
        line(
            ("missing ", "yellow"),
            f"{missing['variable']}  needed by {', '.join(missing['neededBy'])}{remedy}",
        )


def _input(name: str, schema: Mapping[str, Any], required: Sequence[str]) -> list[str | tuple[str, str]]:
    kind = schema.get("type", "any")
    demand = " required" if name in required else ""
    description = f"  {schema['description']}" if "description" in schema else ""
    return [(name, "bold"), f"  {kind}{demand}", (description, "dim")]


def _target(names: Sequence[str], content: str) -> str:
    return f"-> {', '.join(names)}" if names else f"({content})"

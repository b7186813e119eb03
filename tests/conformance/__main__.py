"""``make conformance``: serve ``capabilities/mcp-conformance.yaml``, run the official suite and inspector, write what they found."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from conformance import inspector, suite
from conformance.suite import Requirements, Verdict
from support.process import READY, ROOT, launched

REVISIONS = ("2026-07-28", "2025-11-25")
DOCUMENT = ROOT / "capabilities/mcp-conformance.yaml"
PAGE = ROOT / "docs/reference/mcp-conformance.md"
BEGIN, END = "<!-- conformance: begin -->\n", "<!-- conformance: end -->\n"

Found = Mapping[str, Mapping[str, Verdict]]
Asked = Mapping[str, Requirements]


def main() -> int:
    """Run everything; give 1 where a required scenario fails."""
    suite.install()
    asked = {revision: suite.requirements(revision) for revision in REVISIONS}
    with launched(DOCUMENT, "--port", "mcp=0") as server:
        server.wait_for_line(READY)
        url = server.url("mcp")
        found = {
            revision: suite.run(url, revision, suite.HERE / "results" / revision) for revision in REVISIONS
        }
        seen = inspector.run(url, DOCUMENT)
    before, rest = PAGE.read_text().split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}{_page(asked, found)}{_inspected(seen)}{END}{after}")
    failed = [
        f"{name} ({revision}): {message}"
        for revision, verdicts in found.items()
        for name in asked[revision].required
        for message in verdicts[name].failures or (() if verdicts[name].passed else ("nothing was checked",))
    ]
    failed += [
        f"inspector: {method} ({way}): {message}"
        for way, verdicts in seen.items()
        for method, verdict in verdicts.items()
        for message in verdict.failures
    ]
    for revision in REVISIONS:
        sys.stderr.write(f"{_count(asked[revision], found[revision], revision)}\n")
    sys.stderr.write("\n".join([*failed, f"written to {PAGE.relative_to(ROOT)}\n"]))
    return 1 if failed else 0


def _page(asked: Asked, found: Found) -> str:
    required = dict.fromkeys(name for each in asked.values() for name in each.required)
    others = dict.fromkeys(name for each in asked.values() for name in each.others if name not in required)
    counts = [_count(asked[revision], found[revision], revision) for revision in REVISIONS]
    head = (
        f"| scenario | {' | '.join(REVISIONS)} | |\n| --- | {' | '.join('---' for _ in REVISIONS)} | --- |\n"
    )
    return "\n".join(
        [
            "",
            *(f"- {each}" for each in counts),
            "",
            head + "\n".join(_row(name, asked, found) for name in required),
            "",
            "What the suite runs besides, and does not count:",
            "",
            head + "\n".join(_row(name, asked, found) for name in others),
            "",
            "",
        ]
    )


def _inspected(seen: Mapping[str, Mapping[str, Verdict]]) -> str:
    rows = [
        f"| `{look.method}` | {' | '.join(_word(verdicts[look.method]) for verdicts in seen.values())} |"
        for look in inspector.LOOKS
    ]
    return "\n".join(
        [
            f"What `@modelcontextprotocol/inspector --cli` {inspector.version()} shows of the same document:",
            "",
            f"| method | {' | '.join(seen)} |",
            f"| --- | {' | '.join('---' for _ in seen)} |",
            *rows,
            "",
            "",
        ]
    )


def _count(asked: Requirements, found: Mapping[str, Verdict], revision: str) -> str:
    passed = sum(bool(found[name].passed) and not found[name].failures for name in asked.required)
    return f"{revision}: {passed} of {len(asked.required)} required scenarios pass"


def _row(name: str, asked: Asked, found: Found) -> str:
    verdicts = {revision: each[name] for revision, each in found.items() if name in each}
    words = [_word(verdicts.get(revision)) for revision in REVISIONS]
    reasons = dict.fromkeys(each.others[name] for each in asked.values() if name in each.others)
    messages = dict.fromkeys(
        message for each in verdicts.values() for message in (*each.failures, *each.warnings)
    )
    return f"| `{name}` | {' | '.join(words)} | {_cell([*reasons, *messages])} |"


def _word(verdict: Verdict | None) -> str:
    if verdict is None:
        return "—"
    if verdict.failures:
        return "**fails**"
    if not verdict.passed:
        return "not exercised"
    return "passes, with a warning" if verdict.warnings else "passes"


def _cell(texts: Iterable[str]) -> str:
    whole = "; ".join(texts).replace("|", "\\|").replace("\n", " ")
    return whole if len(whole) <= 160 else f"{whole[:160]}…"


if __name__ == "__main__":
    sys.exit(main())

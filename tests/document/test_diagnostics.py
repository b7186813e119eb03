from __future__ import annotations

from naftiko_run.diagnostics import Diagnostic, Position, Report, Severity, json_pointer
from naftiko_run.errors import DocumentError


def test_a_finding_reads_as_a_compiler_writes_it() -> None:
    found = Diagnostic(Severity.ERROR, "unknown-operation", "it is not there", "a.yaml", 12, 7)
    assert str(found) == "a.yaml:12:7: error[unknown-operation] it is not there"
    assert found.is_error


def test_what_is_not_known_of_a_place_is_left_out() -> None:
    assert Diagnostic(Severity.INFO, "x", "y").place == "<text>"
    assert Diagnostic(Severity.INFO, "x", "y", "a.yaml").place == "a.yaml"


def test_a_report_locates_and_points() -> None:
    report = Report("a.yaml", lambda at: Position(len(at), 1))
    report.warning("w", "first", ("a", 0))
    report.info("i", "second", ("a", "b/c", "d~e"))
    assert not report.has_errors
    report.error("e", "third", hint="mend it")
    assert report.has_errors
    assert [(each.severity, each.line, each.pointer) for each in report] == [
        ("warning", 2, "/a/0"),
        ("info", 3, "/a/b~1c/d~0e"),
        ("error", 0, ""),
    ]


def test_pointers_are_rfc_6901() -> None:
    assert json_pointer(()) == ""
    assert json_pointer(("a/b", 0, "m~n", "")) == "/a~1b/0/m~0n/"


def test_a_refused_document_speaks_of_its_first_error() -> None:
    warning = Diagnostic(Severity.WARNING, "w", "mended")
    error = Diagnostic(Severity.ERROR, "e", "broken", hint="mend it")
    refused = DocumentError([warning, error])
    assert str(refused) == "<text>: error[e] broken"
    assert refused.hint == "mend it"
    assert refused.diagnostics == (warning, error)

"""Load the documents of a command line again, while what was loaded before is served."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from rich.console import Console

from naftiko_run.capability import Capability, Settings, load
from naftiko_run.cli import bootstrap
from naftiko_run.cli.diagnostics import MAX_SHOWN, print_diagnostics, print_rest
from naftiko_run.cli.documents import NoDocuments, find_documents
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.files import find_files
from naftiko_run.document.remote import is_remote
from naftiko_run.errors import BoundVariable, DocumentError, SharedDocument
from naftiko_run.serve import ReloadOutcome, ReloadRefused, WatchedFiles

_ENV_FILE = ".env"


class Documents:
    """The documents of a command line.

    Args:
        files: The documents, folders of documents, and URLs.
        settings: How they are loaded.
        check: Raises if options contradict what was loaded.
        console: Gets the diagnostics.
        strict: Whether any problem prevents a reload.
    """

    def __init__(
        self,
        files: Sequence[str],
        settings: Settings,
        check: Callable[[Sequence[Capability]], None],
        console: Console,
        *,
        strict: bool,
    ) -> None:
        self._files = files
        self._settings = settings
        self._check = check
        self._console = console
        self._strict = strict
        self._printed: set[Diagnostic] = set()
        self._skipped: list[Diagnostic] = []

    def load(self, served: Sequence[Capability]) -> list[Capability]:
        """Load the documents again.

        A document that is not served yet is skipped if it has errors. Otherwise nothing that works may stop working:
        an edit with a mistake does not replace what is served.

        Args:
            served: The capabilities that are served.

        Raises:
            ReloadRefused: Something that is served could not be served any more.
            ConfigurationError: The options contradict what was loaded.
        """
        earlier = {each.file: each for each in served}
        capabilities: list[Capability] = []
        faults: list[Diagnostic] = []
        self._skipped = []
        named = {str(Path(each)) for each in self._files}
        with bootstrap.reloading(), redirect_stdout(sys.stderr):
            for path in find_documents(self._files, self._console):
                try:
                    capabilities.append(load(path, self._settings))
                except SharedDocument as fault:
                    if str(path) in earlier:
                        faults += fault.diagnostics
                except DocumentError as fault:
                    is_needed = self._strict or str(path) in earlier or str(path) in named
                    (faults if is_needed else self._skipped).extend(fault.diagnostics)
            for capability in capabilities:
                faults += self._new_errors(earlier.get(capability.file), capability)
        if faults:
            files = ", ".join(
                dict.fromkeys(each.file for each in faults if each.is_error or len(faults) == 1)
            )
            raise ReloadRefused(f"{files} has errors", faults)
        self._check(capabilities)
        for capability in capabilities:
            self._check_variables(earlier.get(capability.file), capability)
        return capabilities

    def report(self, outcome: ReloadOutcome) -> None:
        """Print the diagnostics of a reload: errors, or the new ones that alter what is served."""
        found = list(outcome.diagnostics)
        if outcome.ok:
            found += self._skipped
            found += (each for capability in outcome.capabilities for each in capability.diagnostics)
            found = [each for each in found if each.alters_service and each not in self._printed]
        found.sort(key=lambda each: not each.is_error)
        print_diagnostics(self._console, found[:MAX_SHOWN])
        print_rest(self._console, len(found) - MAX_SHOWN, "errors and warnings")
        self._printed.update(found)

    def mark_printed(self, capabilities: Sequence[Capability]) -> None:
        """Do not print the diagnostics of capabilities again, which the start-up output contains."""
        self._printed.update(each for capability in capabilities for each in capability.diagnostics)

    def watched(self) -> WatchedFiles:
        """Return the files that the documents consist of; some may not exist."""
        local = [each for each in self._files if not is_remote(each)]
        try:
            documents = find_documents(local, self._console)
        except NoDocuments:
            documents = []
        files, folders = set(self._env_files(documents)), set[Path]()
        for document in documents:
            found = find_files(document)
            files |= found.files
            folders |= found.folders
        return WatchedFiles(documents, files, folders, [Path(each) for each in local if Path(each).is_dir()])

    def _env_files(self, documents: Sequence[Path]) -> Iterator[Path]:
        if self._settings.env_files is not None:
            yield from self._settings.env_files
            return
        yield Path(_ENV_FILE)
        for document in documents:
            yield document.parent / _ENV_FILE

    def _new_errors(self, earlier: Capability | None, capability: Capability) -> list[Diagnostic]:
        """Return the errors of a document that it did not have when it was loaded before."""
        known = {_identity(each) for each in earlier.diagnostics} if earlier and not self._strict else set()
        is_checked = earlier is not None or self._strict
        errors = [each for each in capability.diagnostics if each.is_error and _identity(each) not in known]
        return errors if is_checked else []

    def _check_variables(self, earlier: Capability | None, capability: Capability) -> None:
        """Refuse a document whose operations have lost the variables that they need.

        Raises:
            ReloadRefused: One has.
        """
        before = earlier.missing() if earlier else {}
        without = {name for names in before.values() for name in names}
        operations = _operations(earlier) if earlier and not self._strict else None
        for variable, needing in capability.missing().items():
            lost = [
                name
                for name in needing
                if self._strict or (operations and name in operations and name not in without)
            ]
            if lost:
                raise ReloadRefused(
                    f"{capability.file} needs {variable.name}, which is not set: {_reason(variable, lost)}",
                    hint=variable.remedy,
                )


def _reason(variable: BoundVariable, operations: Sequence[str]) -> str:
    return variable.reason or f"{', '.join(operations[:3])} would fail"


def _operations(capability: Capability) -> set[str]:
    functions = capability.functions.values()
    return {each.name for function in functions for each in function.operations}


def _identity(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return diagnostic.file, diagnostic.code, diagnostic.message

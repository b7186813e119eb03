"""The output of start-up: every adapter with its URL, every route and tool, and missing variables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from naftiko_run.capability import Capability, Feature
from naftiko_run.cli.console import print_warning
from naftiko_run.cli.diagnostics import MAX_SHOWN, print_diagnostics, print_rest
from naftiko_run.errors import ConfigurationError
from naftiko_run.expose import Adapter, find_exposer
from naftiko_run.serve import Site
from naftiko_run.version import __version__


class Startup:
    """Prints what is served.

    Args:
        console: A terminal gets colours and columns, anything else plain lines.
        capabilities: The capabilities that are served.
        sandbox: Whether nothing is sent to upstreams.
    """

    def __init__(self, console: Console, capabilities: Sequence[Capability], *, sandbox: bool) -> None:
        self._console = console
        self._capabilities = capabilities
        self._sandbox = sandbox

    def print(
        self,
        sites: Sequence[Site],
        on_stdio: Adapter | None = None,
        skipped: Sequence[ConfigurationError] = (),
    ) -> None:
        """Print everything, once all sites listen.

        Args:
            sites: The ports.
            on_stdio: The adapter on stdin and stdout; None for none.
            skipped: Why some adapters are not served.
        """
        found: dict[int, list[tuple[Adapter, str]]] = {}
        for site in sites:
            for adapter in site.adapters:
                found.setdefault(id(adapter.capability), []).append((adapter, site.url_of(adapter)))
        if on_stdio is not None:
            found.setdefault(id(on_stdio.capability), []).append((on_stdio, "on stdin and stdout"))
        mode = " (sandbox: nothing is sent to any upstream)" if self._sandbox else ""
        self._line(Text(f"naftiko-run {__version__}{mode}", style="bold"))
        for capability in self._capabilities:
            self._line(
                Text.assemble(
                    ("capability ", "dim"), (capability.label, "bold"), (f"  {capability.file}", "dim")
                )
            )
            self._print_adapters(found.get(id(capability), ()))
        self._print_adapters(found.get(id(None), ()))  # those that combine several capabilities
        for fault in skipped:
            print_warning(self._console, f"{fault.message}; {fault.hint}" if fault.hint else fault.message)
        clashes = [clash for site in sites for clash in site.clashes]
        for clash in clashes[:MAX_SHOWN]:
            print_warning(self._console, f"{clash.message}; {clash.hint}")
        print_rest(self._console, len(clashes) - MAX_SHOWN, "routes that are not served for this reason")
        self._print_diagnostics()
        self._print_unmatched()
        self.print_missing()
        self._line(Text("ready; stop with Ctrl-C", style="dim"))

    def print_missing(self) -> None:
        """Print the variables that are not set, and what needs them."""
        for capability in self._capabilities:
            for variable, operations in capability.missing().items():
                shown = ", ".join(operations[:3]) + (
                    f" and {len(operations) - 3} more" if len(operations) > 3 else ""
                )
                self._line(
                    Text.assemble(
                        *(("missing ", "bold yellow"), (variable.name, "bold"), f"  needed by {shown}"),
                        f"; {variable.remedy} ({variable.reason})" if variable.reason else "",
                    )
                )

    def _print_adapters(self, found: Sequence[tuple[Adapter, str]]) -> None:
        for adapter, url in found:
            self._print_adapter(adapter, url)

    def _print_adapter(self, adapter: Adapter, url: str) -> None:
        line = Text.assemble(
            (f"{adapter.type} ", "bold cyan"), (url, "cyan underline"), f"  {adapter.namespace}"
        )
        if adapter.authentication:
            line.append(f"  authentication: {adapter.authentication}", style="green")
        if adapter.note:
            line.append(f"  {adapter.note}", style="dim")
        self._line(line)
        exposer = find_exposer(adapter.type)
        usual_kind = exposer.feature_kind if exposer else ""
        if not self._console.is_terminal:
            lines = [f"{each.kind or usual_kind} {each.name} {_state(each)}" for each in adapter.features]
            if lines:
                self._line(Text("\n".join(lines)))  # at once: each print costs a tenth of a millisecond
            return
        table = Table.grid("", Column(overflow="fold"), Column(overflow="fold"), padding=(0, 2))
        for each in adapter.features:
            style = "red" if each.reason or each.refusal else ""
            table.add_row("", Text(each.title, style=style), Text(_state(each), style=style or "dim"))
        self._console.print(table)

    def _print_diagnostics(self) -> None:
        """Print the diagnostics that alter what is served, and the number of the others."""
        found = [each for capability in self._capabilities for each in capability.diagnostics]
        printed = [each for each in found if each.alters_service]
        printed.sort(key=lambda each: not each.is_error)
        print_diagnostics(self._console, printed[:MAX_SHOWN])
        print_rest(self._console, len(printed) - MAX_SHOWN, "errors and warnings")
        for capability in self._capabilities:
            number = sum(not each.alters_service for each in capability.diagnostics)
            if number:
                count = f"{number} warning{'s' if number > 1 else ''}"
                shown = Text(f"; `naftiko validate {capability.file}` shows {'them' if number > 1 else 'it'}")
                self._line(Text.assemble((count, "yellow"), shown))

    def _print_unmatched(self) -> None:
        """Print the globs that match nothing in any document."""
        for glob in sorted(frozenset.intersection(*(each.unmatched for each in self._capabilities))):
            print_warning(self._console, f"`{glob}` of --include or --exclude matches nothing")

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def _state(feature: Feature) -> str:
    """Return what a feature calls, or the reason why it is not served or cannot be called."""
    if feature.reason:
        return f"not served: {feature.reason}"
    refusal = f"  cannot be called: {feature.refusal}" if feature.refusal else ""
    return f"{feature.target}  {feature.request}".rstrip() + refusal

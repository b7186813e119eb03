"""The output of start-up: every adapter with its URL, every route and tool, and missing variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from naftiko_run.capability import Capability, Feature
from naftiko_run.cli.console import print_warning
from naftiko_run.cli.diagnostics import MAX_SHOWN, print_diagnostics, print_rest
from naftiko_run.document.remote import shown_name
from naftiko_run.errors import BoundVariable, ConfigurationError
from naftiko_run.expose import Adapter, find_exposer
from naftiko_run.serve import Site
from naftiko_run.version import __version__

_MAX_LISTED: Final = 60
"""Up to how many routes, tools and so on are listed."""
_MAX_CAPABILITIES: Final = 20
"""Up to how many capabilities are listed."""
_MAX_PORTS: Final = 40
"""How many ports are listed for many capabilities."""


class Startup:
    """Prints what is served.

    Args:
        console: A terminal gets colours and columns, anything else plain lines.
        capabilities: The capabilities that are served.
        sandbox: Whether nothing is sent to upstreams.
        verbose: Whether every capability, route and tool is listed, however many there are.
    """

    def __init__(
        self, console: Console, capabilities: Sequence[Capability], *, sandbox: bool, verbose: bool = False
    ) -> None:
        self._console = console
        self._capabilities = capabilities
        self._sandbox = sandbox
        self._verbose = verbose
        self._is_listed = True
        self._is_summary = False

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
        adapters = [adapter for site in sites for adapter in site.adapters]
        self._is_listed = self._verbose or sum(len(each.features) for each in adapters) <= _MAX_LISTED
        self._is_summary = not self._verbose and len(self._capabilities) > _MAX_CAPABILITIES
        found: dict[int, list[tuple[Adapter, str]]] = {}
        for site in sites:
            for adapter in site.adapters:
                found.setdefault(id(adapter.capability), []).append((adapter, site.url_of(adapter)))
        if on_stdio is not None:
            found.setdefault(id(on_stdio.capability), []).append((on_stdio, "on stdin and stdout"))
        mode = " (sandbox: nothing is sent to any upstream)" if self._sandbox else ""
        self._line(Text(f"naftiko-run {__version__}{mode}", style="bold"))
        if self._is_summary:
            self._print_ports(sites, on_stdio)
        else:
            for capability in self._capabilities:
                self._line(
                    Text.assemble(
                        ("capability ", "dim"),
                        (capability.label, "bold"),
                        (f"  {shown_name(capability.file)}", "dim"),
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
        missing: dict[BoundVariable, list[str]] = {}
        for capability in self._capabilities:
            for variable, operations in capability.missing().items():
                missing.setdefault(variable, []).extend(operations)
        maximum = MAX_SHOWN if self._is_summary else len(missing)
        for variable, operations in [*missing.items()][:maximum]:
            shown = ", ".join(operations[:3]) + (
                f" and {len(operations) - 3} more" if len(operations) > 3 else ""
            )
            self._line(
                Text.assemble(
                    *(("missing ", "bold yellow"), (variable.name, "bold"), f"  needed by {shown}"),
                    f"; {variable.remedy} ({variable.reason})" if variable.reason else "",
                )
            )
        print_rest(self._console, len(missing) - maximum, "variables that are not set")

    def _print_adapters(self, found: Sequence[tuple[Adapter, str]]) -> None:
        for adapter, url in found:
            self._print_adapter(adapter, url)

    def _print_ports(self, sites: Sequence[Site], on_stdio: Adapter | None) -> None:
        """Print a line for each port and type of adapter."""
        served: dict[tuple[str, str], list[Adapter]] = {}
        for site in sites:
            for adapter in site.adapters:
                if adapter.capability is not None:
                    served.setdefault((adapter.type, site.origin), []).append(adapter)
        if on_stdio is not None and on_stdio.capability is not None:
            served[on_stdio.type, "on stdin and stdout"] = [on_stdio]
        number = len(self._capabilities)
        self._line(Text.assemble((f"{number:,} capabilities", "bold"), ("; --verbose lists them", "dim")))
        shown = list(served.items())[:_MAX_PORTS]
        for (kind, place), adapters in shown:
            capabilities = len({id(each.capability) for each in adapters if each.capability})
            of = f" of {capabilities:,} capabilities" if capabilities > 1 else ""
            paths = "  each at /NAMESPACE/…" if len(adapters) > 1 and adapters[0].path else ""
            self._line(
                Text.assemble(
                    (f"{kind} ", "bold cyan"),
                    (place, "cyan underline"),
                    f"  {_count(adapters, of)}",
                    (paths, "dim"),
                )
            )
        print_rest(self._console, len(served) - len(shown), "ports")

    def _print_adapter(self, adapter: Adapter, url: str) -> None:
        line = Text.assemble(
            (f"{adapter.type} ", "bold cyan"), (url, "cyan underline"), f"  {adapter.namespace}"
        )
        if adapter.authentication:
            line.append(f"  authentication: {adapter.authentication}", style="green")
        if adapter.note:
            line.append(f"  {adapter.note}", style="dim")
        is_listed = self._is_listed or adapter.capability is None
        if not is_listed and adapter.features and not adapter.note:
            line.append(f"  {_count([adapter])}")
        self._line(line)
        exposer = find_exposer(adapter.type)
        usual_kind = exposer.feature_kind if exposer else ""
        if not is_listed:
            return
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
        if self._is_summary:
            numbers = [sum(not d.alters_service for d in each.diagnostics) for each in self._capabilities]
            if total := sum(numbers):
                shown = Text(f" in {sum(map(bool, numbers)):,} documents; `naftiko validate` shows them")
                self._line(Text.assemble((f"{total:,} warning{'s' if total > 1 else ''}", "yellow"), shown))
            return
        for capability in self._capabilities:
            number = sum(not each.alters_service for each in capability.diagnostics)
            if number:
                count = f"{number} warning{'s' if number > 1 else ''}"
                shown = Text(
                    f"; `naftiko validate {shown_name(capability.file)}` shows {'them' if number > 1 else 'it'}"
                )
                self._line(Text.assemble((count, "yellow"), shown))

    def _print_unmatched(self) -> None:
        """Print the globs that match nothing in any document."""
        for glob in sorted(frozenset.intersection(*(each.unmatched for each in self._capabilities))):
            print_warning(self._console, f"`{glob}` of --include or --exclude matches nothing")

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def _count(adapters: Sequence[Adapter], of: str = "") -> str:
    """Return how many routes, tools and so on adapters serve, of what, and how many they do not."""
    served: Counter[str] = Counter()
    not_served = 0
    for adapter in adapters:
        exposer = find_exposer(adapter.type)
        for each in adapter.features:
            if each.reason:
                not_served += 1
            else:
                served[each.kind or (exposer.feature_kind if exposer else "") or "feature"] += 1
    counts = [f"{number:,} {kind}{'s' if number > 1 else ''}" for kind, number in served.items()]
    not_served_too = f", {not_served:,} not served" if not_served else ""
    return f"{', '.join(counts) or 'none'}{of}{not_served_too}"


def _state(feature: Feature) -> str:
    """Return what a feature calls, or the reason why it is not served or cannot be called."""
    if feature.reason:
        return f"not served: {feature.reason}"
    refusal = f"  cannot be called: {feature.refusal}" if feature.refusal else ""
    return f"{feature.target}  {feature.request}".rstrip() + refusal

"""What several commands take, and how their command lines are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from naftiko_run.version import __version__


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"naftiko-run {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", "-V", help="Print the version.", callback=_print_version, is_eager=True),
]

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="Capability documents, or folders of them.", show_default=False),
]

EnvFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--env-file",
        metavar="FILE",
        help="Read variables there too, in lines of KEY=value; the environment wins. Repeatable. "
        "[default: .env beside the document and in the working directory]",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]


class Command(TyperCommand):
    """A command whose help says ``FILE...``, and which refuses a value in plain words: typer's have pydantic's before them."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Say ``FILE...`` where typer says ``{FILE}...``."""
        return [piece.replace("{FILE}", "FILE") for piece in super().collect_usage_pieces(ctx)]

    def get_help(self, ctx: Any) -> str:
        """Say ``FILE...`` where typer says a Python type too."""
        return super().get_help(ctx).replace("FILE <list[Path]>", "FILE...")

    def make_context(self, *parts: Any, **options: Any) -> Any:
        """Read the command line."""
        try:
            return super().make_context(*parts, **options)
        except typer.BadParameter as refused:
            refused.message = refused.message.removeprefix("Value error, ")
            raise

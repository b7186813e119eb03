"""Parameters of several commands, and how command lines are parsed."""

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
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Capability documents, folders of them, or URLs.",
        show_default=False,
    ),
]

EnvFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--env-file",
        metavar="FILE",
        help="Read more variables from this file, in lines of KEY=value; the environment takes precedence. Repeatable. "
        "[default: .env beside the document and in the working directory]",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]


class Command(TyperCommand):
    """A command whose help shows ``FILE...``, and whose errors do not begin with pydantic's ``Value error``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the usage with ``FILE...`` in place of ``{FILE}...``."""
        return [piece.replace("{FILE}", "FILE") for piece in super().collect_usage_pieces(ctx)]

    def get_help(self, ctx: Any) -> str:
        """Return the help with ``FILE...`` in place of the Python type."""
        return super().get_help(ctx).replace("FILE <list[str]>", "FILE...")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; ``--control`` that no port follows is given an empty one."""
        following = [*args[1:], ""]
        return super().parse_args(
            ctx,
            [
                "--control=" if each == "--control" and not after.isdecimal() else each
                for each, after in zip(args, following, strict=False)
            ],
        )

    def make_context(self, *parts: Any, **options: Any) -> Any:
        """Parse the command line."""
        try:
            return super().make_context(*parts, **options)
        except typer.BadParameter as refused:
            refused.message = refused.message.removeprefix("Value error, ")
            raise

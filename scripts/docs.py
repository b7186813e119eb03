"""Build the documentation as a website, and check that it loads nothing from elsewhere. ``make docs`` runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SITE: Final = ROOT / "build" / "site"

_LOADED: Final = re.compile(
    r"""<(?:script|img|iframe|source|audio|video)\b[^>]*\bsrc=["']?(?P<source>(?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|icon|preload|preconnect))[^>]*\bhref=["']?(?P<link>(?:https?:)?//[^"'\s>]+)"""
    r"""|(?:url\(|@import )["']?(?P<style>(?:https?:)?//[^"')\s;]+)""",
)


def external_resources(site: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page or style sheet that loads something from another host, and what it loads."""
    for file in sorted(site.rglob("*")):
        if file.suffix in {".html", ".css"}:
            for found in _LOADED.finditer(file.read_text(encoding="utf-8")):
                yield file, str(found[found.lastgroup or 0])


def main() -> int:
    """Run mkdocs with the arguments of the command line, ``build`` by default; return the exit code."""
    arguments = sys.argv[1:] or ["build"]
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "mkdocs", *arguments],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    if ended.returncode or arguments != ["build"]:
        return ended.returncode
    found = [f"{file.relative_to(ROOT)} loads {url}" for file, url in external_resources(SITE)]
    print("\n".join(found) or f"Open {SITE.relative_to(ROOT)}/index.html", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Plugins that are not installed with pip: a module and its metadata in a folder."""

from __future__ import annotations

import re
from pathlib import Path

from support.process import ROOT


def install(folder: Path, name: str, module: str, entry_points: str) -> None:
    """Write a distribution of one module; a process with the folder in PYTHONPATH has it installed.

    Args:
        folder: Where to.
        name: The module's name.
        module: Its source.
        entry_points: As in ``entry_points.txt``.
    """
    (folder / f"{name}.py").write_text(module, encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)


def installed_from_the_documentation(section: str, folder: Path) -> str:
    """Install the plugin that a section of docs/how-to/extend.md shows; give the piece of a document that uses it."""
    page = (ROOT / "docs" / "how-to" / "extend.md").read_text(encoding="utf-8")
    (text,) = [each for each in page.split("\n## ") if each.startswith(f"{section}\n")]
    (module,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (entry_points,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (used,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    lines = entry_points.replace("[project.entry-points.", "[").replace('"', "")
    (name,) = re.findall(r"= (\w+):", lines)
    install(folder, name, module, lines)
    return str(used)

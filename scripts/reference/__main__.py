"""Write the generated pages of the reference: ``python -m scripts.reference``."""

from __future__ import annotations

from scripts.reference import FOLDER, PAGES

for _name, _render in PAGES.items():
    FOLDER.joinpath(_name).write_text(_render(), encoding="utf-8")

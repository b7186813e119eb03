"""Documents in a ConfigMap that is mounted as a volume: links to a hidden folder, which the kubelet replaces."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from support.process import READY, launched
from support.upstream import PATIENCE
from support.versions import write_version

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")


def mount(folder: Path, number: int) -> None:
    """Write a version of a document as the kubelet does: into a new folder, to which one link is switched at once."""
    data = folder / f"..2026_01_01_00_00_0{number}"
    data.mkdir(parents=True)
    write_version(data / "versions.yaml", number)
    new = folder / "..data_tmp"
    new.symlink_to(data.name)
    new.replace(folder / "..data")
    link = folder / "versions.yaml"
    if not link.is_symlink():
        link.symlink_to("..data/versions.yaml")


def test_each_document_is_served_once_and_an_update_reloads_it(tmp_path: Path) -> None:
    mount(tmp_path / "mounted", 0)
    with launched(tmp_path / "mounted", "--reload", "--port", "rest=0", "--strict") as process:
        process.wait_for_line(READY)
        assert process.text.count("capability ") == 1
        mount(tmp_path / "mounted", 1)
        process.wait_for(lambda _: "reloaded in " in process.text, "a reload")
        assert httpx.get(f"{process.url('rest')}/version", timeout=PATIENCE).json()["first"] == "1"

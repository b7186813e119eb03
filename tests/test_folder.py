"""Files below one folder, and nothing beside it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naftiko_run.folder import FileTooLarge, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "open"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a.txt").write_text("a")
    (root / "deep" / "er" / "ü b.md").write_text("b")
    (root / ".hidden").write_text("h")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("h")
    (tmp_path / "secret").write_text("s")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to(tmp_path)
    (root / "alias").symlink_to(root / "a.txt")
    return Folder.at(root)


def test_it_tells_its_files(folder: Folder) -> None:
    assert list(folder.names()) == ["a.txt", "alias", "deep/er/ü b.md"]
    assert folder.read("deep/er/ü b.md") == b"b"
    assert folder.read("alias") == b"a"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../secret", "/etc/passwd", "out", "up/secret", "deep/../../secret", "deep", ".hidden", ".git/config", "a.txt/x", "a.txt\0", "deep//er", "x" * 5000],
)  # fmt: skip
def test_nothing_else_is_read(folder: Folder, name: str) -> None:
    assert folder.read(name) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["..", ".", "open", "secret", "up", "out", "deep", "", "%2e", "\\"]), max_size=6)
)
def test_no_path_leads_out(folder: Folder, segments: list[str]) -> None:
    assert folder.read("/".join(segments)) is None


def test_a_file_over_the_limit_is_not_read(folder: Folder) -> None:
    with pytest.raises(FileTooLarge, match=r"`a\.txt` is larger than 0 bytes"):
        folder.read("a.txt", limit=0)


def test_one_file_is_read_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("1")
    assert Folder.at(tmp_path / "one.md").read("") == b"1"

"""Where the files are that a document names."""

from pathlib import Path

import pytest

from naftiko_run.locations import candidates, find


@pytest.mark.parametrize(
    "written", ["a b/x.yaml", "./a b/x.yaml", "file:///./a%20b/x.yaml", "file://./a%20b/x.yaml"]
)
def test_a_relative_location_means_the_documents_folder_first_and_the_working_directory_then(
    written: str, tmp_path: Path
) -> None:
    assert candidates(written, tmp_path) == (tmp_path / "a b" / "x.yaml", Path.cwd() / "a b" / "x.yaml")


@pytest.mark.parametrize("written", ["/etc/x.yaml", "file:///etc/x.yaml", "file:/etc/x.yaml"])
def test_an_absolute_location_means_itself(written: str, tmp_path: Path) -> None:
    assert candidates(written, tmp_path) == (Path("/etc/x.yaml"),)


def test_what_is_beside_the_document_is_found(tmp_path: Path) -> None:
    (tmp_path / "keys.yaml").write_text("A: b\n")
    assert find("file:///./keys.yaml", tmp_path) == tmp_path / "keys.yaml"
    assert find("./none.yaml", tmp_path) is None


def test_another_scheme_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="vault://kv/app"):
        candidates("vault://kv/app", tmp_path)

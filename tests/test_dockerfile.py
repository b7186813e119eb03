import json
import re
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from support.process import ROOT


class Instruction(NamedTuple):
    keyword: str
    arguments: str


def instructions() -> list[list[Instruction]]:
    """Give the instructions of each stage, its FROM first."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    stages: list[list[Instruction]] = []
    for line in text.replace("\\\n", " ").splitlines():
        keyword, _, arguments = line.strip().partition(" ")
        if keyword == "FROM":
            stages.append([])
        if keyword:
            stages[-1].append(Instruction(keyword, arguments.strip()))
    return stages


BUILD, IMAGE = instructions()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def said(stage: list[Instruction], keyword: str) -> list[str]:
    return [each.arguments for each in stage if each.keyword == keyword]


def the(keyword: str) -> str:
    """Give what the image says of something that it says once."""
    (arguments,) = said(IMAGE, keyword)
    return arguments


def copied(stage: list[Instruction]) -> list[tuple[str, str]]:
    """Give source and target of everything copied from the repository."""
    pairs: list[tuple[str, str]] = []
    for arguments in said(stage, "COPY"):
        if not arguments.startswith("--from="):
            *sources, target = arguments.split()
            pairs += [(source, target) for source in sources]
    return pairs


def is_sent(path: str) -> bool:
    """Say whether ``.dockerignore`` lets a path of the repository through: its last matching line decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        parents = [path, *map(str, Path(path).parents)]
        if not line.startswith("#") and any(fnmatch(each, pattern) for each in parents if each != "."):
            sent = line.startswith("!")
    return sent


@pytest.mark.parametrize(("source", "target"), [*copied(BUILD), *copied(IMAGE)])
def test_what_is_copied_is_in_the_repository_and_in_the_build_context(source: str, target: str) -> None:
    assert (ROOT / source).exists(), target
    assert is_sent(source), target


@pytest.mark.parametrize("path", [".env", ".git/config", ".venv/bin/python", "tests/test_dockerfile.py"])
def test_what_the_image_does_not_need_stays_out_of_the_build_context(path: str) -> None:
    assert not is_sent(path)


def test_everything_that_the_wheel_is_built_from_is_copied() -> None:
    sources = {source for source, _ in copied(BUILD)}
    assert sources >= {"pyproject.toml", "src", PROJECT["readme"], *PROJECT["license-files"]}


@pytest.mark.parametrize("stage", [BUILD, IMAGE], ids=["build", "image"])
def test_the_base_image_is_a_pinned_python_that_the_package_supports(stage: list[Instruction]) -> None:
    (base,) = said(stage, "FROM")
    found = re.match(r"python:(3)\.(\d+)-slim\b", base)
    assert found, base
    assert f"Programming Language :: Python :: {found[1]}.{found[2]}" in PROJECT["classifiers"]


def test_the_environment_is_built_and_copied_on_the_same_python() -> None:
    assert said(BUILD, "FROM")[0].removesuffix(" AS build") == the("FROM")


def test_the_image_runs_as_a_numeric_user_without_rights() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", the("USER"))


def test_the_image_runs_the_command_of_the_package_on_the_folder_of_documents() -> None:
    (command,) = json.loads(the("ENTRYPOINT"))
    (folder,) = json.loads(the("CMD"))
    assert command in PROJECT["scripts"]
    assert folder == f"{the('WORKDIR')}/capabilities"
    assert ("capabilities", "capabilities") in copied(IMAGE)


def test_the_image_listens_on_every_address() -> None:
    variables = dict(each.split("=", 1) for each in shlex.split(the("ENV")))
    assert variables["NAFTIKO_HOST"] == "0.0.0.0"  # noqa: S104 - compared, not bound
    assert variables["PYTHONUNBUFFERED"] == "1"


def test_the_installed_environment_comes_first_on_the_path() -> None:
    (venv,) = re.findall(r"python -m venv (\S+)", " ".join(said(BUILD, "RUN")))
    variables = dict(each.split("=", 1) for each in shlex.split(the("ENV")))
    assert variables["PATH"] == f"{venv}/bin:$PATH"
    assert f"--from=build {venv} {venv}" in said(IMAGE, "COPY")


def test_the_ports_of_the_first_document_are_exposed_and_asked_for_health() -> None:
    document = yaml.safe_load((ROOT / "capabilities/pipelines-track.yaml").read_text())
    ports = {str(exposes["port"]) for exposes in document["capability"]["exposes"]}
    variables = dict(each.split("=", 1) for each in shlex.split(the("ENV")))
    assert set(the("EXPOSE").split()) == ports == set(variables["NAFTIKO_HEALTH_PORTS"].split())


def test_the_health_check_runs_a_script_that_was_copied_in() -> None:
    _, script = json.loads(the("HEALTHCHECK").partition("CMD")[2])
    targets = {f"{the('WORKDIR')}/{target}": source for source, target in copied(IMAGE)}
    assert targets[script] == "docker/health.py"

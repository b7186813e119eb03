"""Read values from files: JSON, YAML, and lines of ``KEY=value``."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from naftiko_run.bindings.provider import parse_json, pick
from naftiko_run.errors import LocationUnreadable

MAX_BYTES: Final = 1024 * 1024
_YAML = (".yaml", ".yml")
_LINES = (".env", ".properties")
_ASSIGNMENT = re.compile(r"\A(?:\s*(?:[#!].*)?\n)*\s*(?:export\s+)?[\w.-]+\s*=")


class _TextLoader(yaml.SafeLoader):
    """Reads every scalar as text, as written: ``0123``, ``1.0``."""


def _as_typed(loader: _TextLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


for _kind in ("bool", "int", "float", "timestamp"):
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _as_typed)


def read_text(path: Path) -> str:
    """Read a small text file.

    Raises:
        LocationUnreadable: It cannot be read, is too large, or is not text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise LocationUnreadable(f"{path} cannot be read: {fault.strerror}") from None
    if len(content) > MAX_BYTES:
        raise LocationUnreadable(f"{path} is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LocationUnreadable(f"{path} is not text in UTF-8") from None


def read_variables(path: Path) -> dict[str, str]:
    """Read a ``.env`` file; references between values are not expanded.

    Raises:
        LocationUnreadable: It cannot be read.
    """
    return _variables(read_text(path))


def read_values(path: Path, keys: Collection[str]) -> dict[str, str]:
    """Read the values of keys in a file.

    Args:
        path: JSON, YAML, or lines of ``KEY=value``: by its extension, else by its content.
        keys: Top-level keys; where there is none of that name, ``a.b`` is ``b`` under ``a``.

    Raises:
        LocationUnreadable: It cannot be read, or is not of the form of its extension.
    """
    return pick(_data(path, read_text(path)), keys)


def read_folder(folder: Path, keys: Collection[str]) -> dict[str, str]:
    """Read the values of keys in a folder with one file for each, as orchestrators mount secrets.

    Line breaks at the end of a file are removed.

    Raises:
        LocationUnreadable: A file exists and cannot be read.
    """
    files = {key: folder / key for key in keys if Path(key).name == key and "\0" not in key}
    return {key: read_text(file).rstrip("\r\n") for key, file in files.items() if file.is_file()}


def _data(path: Path, text: str) -> Mapping[str, Any]:
    suffix = path.suffix.lower()
    if suffix == ".json" or (suffix not in _YAML and text.lstrip()[:1] == "{"):
        return _mapping(path, _json(path, text))
    is_lines = suffix in _LINES or path.name.startswith(".env")
    if is_lines or (suffix not in _YAML and _ASSIGNMENT.match(text)):
        return _variables(text)
    return _mapping(path, _yaml(path, text))


def _mapping(path: Path, data: Any) -> Mapping[str, Any]:
    if isinstance(data, dict):
        return data
    raise LocationUnreadable(
        f"{path} contains no keys; where each file of a folder is one value, use the folder as the location"
    )


def _variables(text: str) -> dict[str, str]:
    from dotenv import dotenv_values

    written = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in written.items() if value is not None}


def _json(path: Path, text: str) -> Any:
    try:
        return parse_json(text)
    except json.JSONDecodeError as fault:
        raise LocationUnreadable(f"{path} is not valid JSON (line {fault.lineno})") from None
    except RecursionError:
        raise LocationUnreadable(f"{path} is nested too deeply") from None


def _yaml(path: Path, text: str) -> Any:
    try:
        return yaml.load(text, _TextLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as fault:
        line = f" (line {fault.problem_mark.line + 1})" if fault.problem_mark else ""
        raise LocationUnreadable(f"{path} is not valid YAML{line}") from None
    except yaml.YAMLError:
        raise LocationUnreadable(f"{path} is not valid YAML") from None
    except RecursionError:
        raise LocationUnreadable(f"{path} is nested too deeply") from None

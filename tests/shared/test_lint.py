"""Linting the shared documents, and the shared schemas' keys."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.vocabulary import SHAPES
from naftiko_run.lint import RULES, Level, lint
from shared.documents import CORPUS, EVERY, SHARED, TUTORIAL

STEPS = [file for file in TUTORIAL if "shared" not in file.relative_to(SHARED).parts]
SCHEMAS = sorted((SHARED / "spec").glob("*.json"))

SHAPE_OF = {
    "Info": "info",
    "Person": "stakeholder",
    "Capability": "capability",
    "Binding": "bind",
    "ImportedConsumesHttp": "import",
    "ImportEntry": "import",
    "ConsumesHttp": "consumes",
    "TunnelZiti": "tunnel",
    "ConsumedHttpResource": "consumed resource",
    "ConsumedHttpOperation": "consumed operation",
    "ConsumedInputParameter": "input",
    "ExposedInputParameter": "input",
    "McpToolInputParameter": "input",
    "MockOutputParameter": "output",
    "RequestBodyJson": "body",
    "RequestBodyText": "body",
    "RequestBodyFormUrlEncoded": "body",
    "RequestBodyMultipartForm": "multipart body",
    "RequestBodyMultipartFormPart": "body part",
    "AuthBasic": "basic authentication",
    "AuthDigest": "digest authentication",
    "AuthBearer": "bearer authentication",
    "AuthApiKey": "apikey authentication",
    "AuthOAuth2": "oauth2 authentication",
    "ExposesRest": "rest adapter",
    "ExposedResource": "resource",
    "ExposedOperation": "operation",
    "ForwardConfig": "forward",
    "ExposesMcp": "mcp adapter",
    "McpTool": "tool",
    "McpToolHints": "hints",
    "McpResource": "mcp resource",
    "McpPrompt": "prompt",
    "McpPromptArgument": "argument",
    "McpPromptMessage": "message",
    "ExposesSkill": "skill adapter",
    "ExposedSkill": "skill",
    "SkillTool": "skill tool",
    "ExposesControl": "control adapter",
    "ControlManagementSpec": "management",
    "ControlLogsEndpointSpec": "logs",
    "ScriptingManagementSpec": "scripting",
    "Aggregate": "aggregate",
    "AggregateFunction": "flow",
    "AggregateFlow": "flow",
    "Semantics": "semantics",
    "StepOutputMapping": "mapping",
}


def name_of(file: Path) -> str:
    return str(file.relative_to(SHARED))


@cache
def found(file: Path, level: Level) -> tuple[Diagnostic, ...]:
    return lint(file, level)


@pytest.mark.parametrize("file", EVERY, ids=name_of)
def test_every_document_is_linted_at_every_level(file: Path) -> None:
    for level in Level:
        for each in found(file, level):
            assert each.message
            assert each.line > 0
            shows_nothing = file.stem == "secrets"  # no line of a file of values is ever quoted
            line = file.read_text(encoding="utf-8").splitlines()[each.line - 1]
            assert not each.excerpt if shows_nothing else each.excerpt.strip() or not line


@pytest.mark.parametrize("file", STEPS, ids=name_of)
def test_no_rule_finds_an_error_in_the_tutorial(file: Path) -> None:
    ids = {rule.id for rule in RULES}
    errors = [each for each in found(file, Level.RECOMMENDED) if each.is_error and each.code in ids]
    assert errors == []


def test_no_published_document_is_told_to_hold_a_credential() -> None:
    told = [
        each for file in CORPUS for each in found(file, Level.RECOMMENDED) if each.code == "secret-literal"
    ]
    assert told == []


@pytest.mark.parametrize("schema", SCHEMAS, ids=name_of)
def test_every_key_of_the_official_schemas_is_known(schema: Path) -> None:
    written: dict[str, Any] = json.loads(schema.read_text(encoding="utf-8"))
    closed = {
        name: each for name, each in written["$defs"].items() if each.get("additionalProperties") is False
    }
    for name, definition in {**closed, "": written}.items():
        keys = set(definition["properties"])
        assert keys <= SHAPES[SHAPE_OF[name] if name else "document"].keys.keys(), name

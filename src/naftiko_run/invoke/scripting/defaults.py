"""What a control adapter says about scripts (specification: ``management.scripting``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from naftiko_run.invoke.scripting.program import ScriptLimits, ScriptRefused

DISABLING_VARIABLES: Final = ("NAFTIKO_SCRIPTING", "IKANOS_SCRIPTING")
"""The variables that switch scripts off with the value ``false``, where the document says nothing."""

T = TypeVar("T")

_TIMEOUT: Final = 60_000
_STATEMENTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class ScriptDefaults:
    """Defaults, limits and permissions for the script steps of a document.

    Attributes:
        default_location: The folder of scripts whose step names none; empty for none.
        default_language: The language of scripts whose step names none; empty for none.
        allowed_languages: The languages permitted; empty for all that are built in.
        timeout: Milliseconds that one run may take.
        statement_limit: Statements that one run may execute.
        enabled: Whether script steps run; where not, each fails at once.
    """

    default_location: str = ""
    default_language: str = ""
    allowed_languages: tuple[str, ...] = ()
    timeout: int = _TIMEOUT
    statement_limit: int = _STATEMENTS
    enabled: bool = True

    @property
    def limits(self) -> ScriptLimits:
        """What one run may use."""
        return ScriptLimits(self.timeout, self.statement_limit)

    @classmethod
    def of(cls, block: Any, environment: Mapping[str, str] = os.environ) -> ScriptDefaults:
        """Read a ``management.scripting`` block.

        Args:
            block: As written; None where there is none.
            environment: Where scripts may be switched off.

        Raises:
            ScriptRefused: A value is not what the specification says; the message names the key.
        """
        block = {} if block is None else block
        if not isinstance(block, dict):
            raise ScriptRefused("`scripting` of `management` is no mapping")
        permitted = all(environment.get(name, "").strip().lower() != "false" for name in DISABLING_VARIABLES)
        allowed = block.get("allowedLanguages", [])
        if not isinstance(allowed, list) or not all(isinstance(each, str) for each in allowed):
            raise ScriptRefused("`allowedLanguages` is not a list of languages")
        return cls(
            default_location=_typed(block, "defaultLocation", str, ""),
            default_language=_typed(block, "defaultLanguage", str, ""),
            allowed_languages=tuple(each.lower() for each in allowed),
            timeout=_positive(block, "timeout", _TIMEOUT),
            statement_limit=_positive(block, "statementLimit", _STATEMENTS),
            enabled=_typed(block, "enabled", bool, permitted),
        )


def _typed(block: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    value = block.get(key, default)
    if not isinstance(value, kind):
        raise ScriptRefused(f"`{key}` of `management.scripting` is {value!r}")
    return value


def _positive(block: Mapping[str, Any], key: str, default: int) -> int:
    value = _typed(block, key, int, default)
    if isinstance(value, bool) or value < 1:
        raise ScriptRefused(f"`{key}` of `management.scripting` is {value!r}", "write an integer from 1")
    return value

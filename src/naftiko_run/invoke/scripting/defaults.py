"""The script settings of a control adapter (specification: ``management.scripting``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from naftiko_run.invoke.scripting.program import ScriptLimits, ScriptRefused

DISABLING_VARIABLES: Final = ("NAFTIKO_SCRIPTING", "IKANOS_SCRIPTING")
"""The environment variables that disable scripts with the value ``false``, unless the document enables them."""

T = TypeVar("T")

_TIMEOUT: Final = 60_000
_STATEMENTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class ScriptDefaults:
    """Defaults, limits and permissions for the script steps of a document.

    Attributes:
        default_location: The folder of scripts, for steps without a location; empty for none.
        default_language: The language of scripts, for steps without a language; empty for none.
        allowed_languages: The allowed languages; empty for all.
        timeout: Timeout of one run, in milliseconds.
        statement_limit: Maximum number of statements of one run.
        enabled: Whether script steps run; otherwise each fails immediately.
    """

    default_location: str = ""
    default_language: str = ""
    allowed_languages: tuple[str, ...] = ()
    timeout: int = _TIMEOUT
    statement_limit: int = _STATEMENTS
    enabled: bool = True

    @property
    def limits(self) -> ScriptLimits:
        """The limits of one run."""
        return ScriptLimits(self.timeout, self.statement_limit)

    def as_block(self) -> dict[str, Any]:
        """Return the settings with their keys in ``management.scripting``; without those that are not set."""
        block = {
            "enabled": self.enabled,
            "defaultLocation": self.default_location,
            "defaultLanguage": self.default_language,
            "timeout": self.timeout,
            "statementLimit": self.statement_limit,
            "allowedLanguages": [*self.allowed_languages],
        }
        return {key: value for key, value in block.items() if value not in ("", [])}

    def changed(self, changes: Mapping[str, Any]) -> ScriptDefaults:
        """Return the settings with some of them changed.

        Args:
            changes: The new values by their keys in ``management.scripting``.

        Raises:
            ScriptRefused: A key is unknown, or a value is invalid; the message names the key.
        """
        keys = (
            "enabled",
            "timeout",
            "statementLimit",
            "allowedLanguages",
            "defaultLocation",
            "defaultLanguage",
        )
        if not changes:
            raise ScriptRefused("nothing to change", f"write one of {', '.join(keys)}")
        for key in changes:
            if key not in keys:
                raise ScriptRefused(f"`{key}` is not a script setting", f"write one of {', '.join(keys)}")
        return ScriptDefaults.of({**self.as_block(), **changes})

    @classmethod
    def of(cls, block: Any, environment: Mapping[str, str] = os.environ) -> ScriptDefaults:
        """Read a ``management.scripting`` block.

        Args:
            block: The block as written; None if there is none.
            environment: The environment variables, which can disable scripts.

        Raises:
            ScriptRefused: A value is invalid; the message names the key.
        """
        block = {} if block is None else block
        if not isinstance(block, dict):
            raise ScriptRefused("`scripting` of `management` is not a mapping")
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
        raise ScriptRefused(
            f"`{key}` of `management.scripting` is {value!r}", "write an integer of 1 or more"
        )
    return value

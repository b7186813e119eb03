from __future__ import annotations

import pytest

from naftiko_run.bindings import Bindings, MaskedBindings
from naftiko_run.document.model import Bind
from naftiko_run.secret import Secret


def value_of(bindings: Bindings, name: str) -> str | None:
    found = bindings.find(name)
    return found.value.reveal() if found and found.value else None


BINDS = [
    Bind(namespace="env", keys={"TOKEN": "PROVIDER_TOKEN", "BOTH": "ROOT"}),
    Bind(namespace="vault", keys={"KEY": "VAULT_KEY", "BOTH": "LATER"}),
]
ENVIRONMENT = {"PROVIDER_TOKEN": "t", "VAULT_KEY": "k", "OTHER": "o", "ROOT": "r", "LATER": "l", "EMPTY": ""}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN", "t"),
        ("env.TOKEN", "t"),
        ("KEY", "k"),
        ("vault.KEY", "k"),
        ("env.OTHER", "o"),
        ("env.EMPTY", ""),
        ("BOTH", "l"),
        ("env.BOTH", "r"),
        ("vault.BOTH", "l"),
    ],
)
def test_what_a_name_stands_for(name: str, value: str) -> None:
    assert value_of(Bindings(BINDS, ENVIRONMENT), name) == value


@pytest.mark.parametrize("name", ["OTHER", "vault.OTHER", "vault.TOKEN", "tools.x", "", "env"])
def test_a_name_that_is_no_binding(name: str) -> None:
    assert Bindings(BINDS, ENVIRONMENT).find(name) is None


@pytest.mark.parametrize(
    ("name", "variable"), [("TOKEN", "PROVIDER_TOKEN"), ("env.NEW", "NEW"), ("vault.KEY", "VAULT_KEY")]
)
def test_a_binding_without_a_value_says_what_to_set(name: str, variable: str) -> None:
    found = Bindings(BINDS, {}).find(name)
    assert found is not None
    assert (found.variable.name, found.value) == (variable, None)


@pytest.mark.parametrize(
    ("name", "environment", "variable"),
    [
        ("region", {"region": "eu"}, "region"),
        ("region", {"REGION": "eu"}, "REGION"),
        ("region", {}, "REGION"),
        ("baseUrl", {}, "BASE_URL"),
        ("account-id", {}, "ACCOUNT_ID"),
        ("TOKEN", {}, "PROVIDER_TOKEN"),
    ],
)
def test_where_only_the_operator_has_a_say_a_name_is_a_variable(
    name: str, environment: dict[str, str], variable: str
) -> None:
    found = Bindings(BINDS, environment).find_or_environment(name)
    assert found.variable.name == variable
    assert (found.value is not None) == bool(environment)


def test_masked_bindings_hold_no_value() -> None:
    masked = MaskedBindings(BINDS, ENVIRONMENT)
    assert value_of(masked, "TOKEN") == "***"
    assert value_of(masked, "env.NEVER_SET") == "***"


def test_a_secret_is_not_shown() -> None:
    secret = Secret("hunter2")
    shown = f"{secret} {secret!r} {secret!s} {[secret]} {Bindings(BINDS, {'PROVIDER_TOKEN': 'hunter2'}).find('TOKEN')}"
    assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"


def test_secrets_of_one_value_are_equal() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2

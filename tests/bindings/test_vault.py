"""``vault://`` locations, against a server that speaks the key/value API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bindings.reading import missing, read
from support.vault import Vault, running_vault

TOKEN = "s.root-token"


@pytest.fixture
def vault() -> Iterator[Vault]:
    """A Vault with secrets in engines of both versions."""
    with running_vault() as running:
        running.secrets = {
            "secret/app": {"api-key": "s3cr3t", "port": 8443, "on": True, "db": {"user": "u"}, "none": None},
            "secret/a b/c": {"key": "spaced"},
            "old/app": {"key": "of version 1"},
            "team/kv/app": {"key": "of a mount with a slash"},
        }
        yield running


def environment(vault: Vault, **more: str) -> dict[str, str]:
    return {"VAULT_ADDR": vault.url, "VAULT_TOKEN": TOKEN, **more}


def test_version_2(vault: Vault, tmp_path: Path) -> None:
    keys = ("api-key", "port", "on", "db.user", "none", "other")
    assert read("vault://secret/app", tmp_path, environment(vault), *keys) == {
        "api-key": "s3cr3t",
        "port": "8443",
        "on": "true",
        "db.user": "u",
    }
    assert vault.asked == ["GET /v1/sys/internal/ui/mounts/secret/app", "GET /v1/secret/data/app"]


@pytest.mark.parametrize(
    ("location", "value"),
    [
        ("vault://old/app", "of version 1"),
        ("vault://team/kv/app", "of a mount with a slash"),
        ("vault://secret/a%20b/c", "spaced"),
        ("VAULT://old/app/", "of version 1"),
    ],
)
def test_the_engine_of_the_mount_decides(vault: Vault, tmp_path: Path, location: str, value: str) -> None:
    assert read(location, tmp_path, environment(vault), "key") == {"key": value}


@pytest.mark.parametrize(("location", "key"), [("vault://secret/app", "api-key"), ("vault://old/app", "key")])
def test_a_vault_that_does_not_tell_its_engines_is_asked_both_ways(
    vault: Vault, tmp_path: Path, location: str, key: str
) -> None:
    vault.tells_mounts = False
    assert key in read(location, tmp_path, environment(vault), key)
    assert (
        missing("vault://secret/none", tmp_path, environment(vault)).reason
        == "Vault has nothing at secret/none"
    )


def test_the_token_may_be_in_a_file(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    for more in ({"HOME": str(tmp_path)}, {"VAULT_TOKEN_FILE": str(tmp_path / ".vault-token")}):
        assert read("vault://old/app", tmp_path, {"VAULT_ADDR": vault.url, **more}, "key")


def test_the_namespace_is_named(vault: Vault, tmp_path: Path) -> None:
    vault.namespace = "teams/shop"
    assert missing("vault://old/app", tmp_path, environment(vault)).reason == "Vault has nothing at old/app"
    assert read("vault://old/app", tmp_path, environment(vault, VAULT_NAMESPACE="teams/shop"), "key")


def test_the_service_account_of_a_pod_logs_in(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("eyJ.pod.jwt\n")
    vault.roles = {"shop": ("eyJ.pod.jwt", "s.of-the-pod")}
    pod = {"VAULT_ADDR": vault.url, "VAULT_ROLE": "shop", "NAFTIKO_SERVICE_ACCOUNT": str(tmp_path)}
    assert read("vault://old/app", tmp_path, pod, "key") == {"key": "of version 1"}
    assert vault.asked[0] == "POST /v1/auth/kubernetes/login"
    refused = missing("vault://old/app", tmp_path, {**pod, "VAULT_ROLE": "other"})
    assert refused.reason == "Vault rejected the login of the role other at auth/kubernetes (403)"


@pytest.mark.parametrize(
    ("location", "changed", "reason"),
    [
        ("vault://secret/none", {}, "Vault has nothing at secret/data/none"),
        ("vault://old/none", {}, "Vault has nothing at old/none"),
        ("vault://secret/app", {}, "Vault's secret/data/app has no value under that key"),
        (
            "vault://secret/app",
            {"VAULT_TOKEN": "hunter2"},
            "this token is not allowed to read secret/app (403)",
        ),
        ("vault://secret/app", {"VAULT_TOKEN": "hun\nter2"}, "the token is not valid in an HTTP header"),
        ("vault://secret/app", {"VAULT_TOKEN": "hünter2"}, "this token is not allowed to read"),
        ("vault://secret", {}, "a location of Vault is vault://mount/path"),
        ("vault://secret/app", {"VAULT_ADDR": ""}, "VAULT_ADDR is not set"),
        ("vault://secret/app", {"VAULT_ADDR": "nowhere"}, "the request to nowhere failed"),
        ("vault://secret/app", {"VAULT_ADDR": "http://h:x"}, "http://h:x is not a valid URL"),
        ("vault://secret/app", {"VAULT_ADDR": "http://127.0.0.1:1"}, "http://127.0.0.1:1 cannot be reached"),
        ("vault://secret/app", {"VAULT_CACERT": "/none"}, "the certificate /none cannot be read"),
        ("vault://secret/app", {"VAULT_TOKEN": "", "HOME": "/none"}, "there is no token: VAULT_TOKEN"),
        ("vault://secret/app", {"VAULT_TOKEN": "", "VAULT_TOKEN_FILE": "/none"}, "/none cannot be read"),
    ],
)
def test_what_cannot_be_read_is_missing_and_says_why(
    vault: Vault, tmp_path: Path, location: str, changed: dict[str, str], reason: str
) -> None:
    variable = missing(location, tmp_path, environment(vault, **changed))
    assert reason in variable.reason
    assert "ter2" not in repr(variable)
    assert variable.remedy == f"set `key` in {location}"


@pytest.mark.parametrize(
    ("status", "reason"), [(503, "sealed"), (500, "Vault responded with 500 for secret/app")]
)
def test_a_vault_that_is_not_well(vault: Vault, tmp_path: Path, status: int, reason: str) -> None:
    vault.status = status
    assert reason in missing("vault://secret/app", tmp_path, environment(vault)).reason


def test_an_answer_that_is_too_large_is_none(vault: Vault, tmp_path: Path) -> None:
    vault.secrets["secret/app"] = {"api-key": "x" * 4_200_000}
    reason = missing("vault://secret/app", tmp_path, environment(vault), "api-key").reason
    assert "is larger than 4,194,304 bytes" in reason

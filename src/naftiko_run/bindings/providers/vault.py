"""``vault://mount/path``: a secret of HashiCorp Vault's key/value engine, version 1 or 2.

The server is ``VAULT_ADDR`` (``VAULT_CACERT``, ``VAULT_NAMESPACE``); the token is ``VAULT_TOKEN``, that of a
token file (``VAULT_TOKEN_FILE``, ``~/.vault-token``), or the one that the service account of a Kubernetes pod
receives for ``VAULT_ROLE``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from naftiko_run.bindings.files import read_text
from naftiko_run.bindings.provider import ProviderSettings, Reading, pick
from naftiko_run.bindings.providers.kubernetes import ServiceAccount
from naftiko_run.bindings.providers.secret_server import SecretResponse, SecretServer
from naftiko_run.errors import LocationUnreadable


class VaultProvider:
    """Reads secrets of Vault."""

    def read(self, location: str, keys: Collection[str], settings: ProviderSettings) -> Reading:
        """Read the values at a location; see ``BindingProvider.read``."""
        environment = settings.environment
        path = "/".join(
            quote(unquote(part), safe="") for part in location.partition("://")[2].split("/") if part
        )
        if "/" not in path:
            raise LocationUnreadable("a location of Vault is vault://mount/path")
        address = environment.get("VAULT_ADDR", "").strip()
        if not address:
            raise LocationUnreadable("VAULT_ADDR is not set")
        headers = {"X-Vault-Request": "true"}
        if namespace := environment.get("VAULT_NAMESPACE", "").strip():
            headers["X-Vault-Namespace"] = namespace
        authority = environment.get("VAULT_CACERT")
        with SecretServer(
            address, headers, settings.timeout / 2, authority=Path(authority) if authority else None
        ) as server:
            server.authorize("X-Vault-Token", _token(server, environment))
            return _read(server, path, keys)


def _token(server: SecretServer, environment: Mapping[str, str]) -> str:
    if token := environment.get("VAULT_TOKEN", "").strip():
        return token
    if file := environment.get("VAULT_TOKEN_FILE"):
        return read_text(Path(file)).strip()
    if role := environment.get("VAULT_ROLE"):
        return _login(server, role, environment)
    token_file = Path(environment.get("HOME", "/")) / ".vault-token"
    if token_file.is_file():
        return read_text(token_file).strip()
    raise LocationUnreadable("there is no token: VAULT_TOKEN, VAULT_TOKEN_FILE and VAULT_ROLE are not set")


def _login(server: SecretServer, role: str, environment: Mapping[str, str]) -> str:
    mount = environment.get("VAULT_AUTH_MOUNT") or "kubernetes"
    claim = {"role": role, "jwt": ServiceAccount.of(environment).token()}
    answer = server.post(f"/v1/auth/{quote(mount)}/login", claim)
    token = answer.member("auth", "client_token")
    if not isinstance(token, str):
        raise LocationUnreadable(
            f"Vault rejected the login of the role {role} at auth/{mount} ({answer.status})"
        )
    return token


def _read(server: SecretServer, path: str, keys: Collection[str]) -> Reading:
    mount, version = _engine(server, path)
    if version != "1":
        asked = f"{mount}/data/{path.removeprefix(f'{mount}/')}"
        answer = server.get(f"/v1/{asked}")
        if version == "2" or answer.status != 404:
            return Reading(pick(_data(answer, asked, "data", "data"), keys), f"Vault's {asked}")
    return Reading(pick(_data(server.get(f"/v1/{path}"), path, "data"), keys), f"Vault's {path}")


def _engine(server: SecretServer, path: str) -> tuple[str, str]:
    """Return the mount of a path, and the version of its engine; empty where this Vault does not return it.

    ``vault kv`` sends the same request first.
    """
    answer = server.get(f"/v1/sys/internal/ui/mounts/{path}")
    if answer.status == 404:
        return path.partition("/")[0], ""
    data = _data(answer, path, "data")
    options = data.get("options")
    is_versioned = isinstance(options, dict) and options.get("version") == "2"
    return quote(str(data.get("path")).strip("/")), "2" if is_versioned else "1"


def _data(answer: SecretResponse, asked: str, *names: str) -> Mapping[str, object]:
    if answer.status == 404:
        raise LocationUnreadable(f"Vault has nothing at {asked}")
    if answer.status == 403:
        raise LocationUnreadable(f"this token is not allowed to read {asked} (403)")
    if answer.status == 503:
        raise LocationUnreadable("Vault is sealed, or in maintenance (503)")
    data = answer.member(*names)
    if answer.status != 200 or not isinstance(data, dict):
        raise LocationUnreadable(f"Vault responded with {answer.status} for {asked}")
    return data

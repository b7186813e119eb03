"""``k8s://namespace/secret``: a Secret of the cluster that the process runs in, and the service account of its pod."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from naftiko_run.bindings.files import read_text
from naftiko_run.bindings.provider import ProviderSettings, Reading
from naftiko_run.bindings.providers.secret_server import SecretResponse, SecretServer
from naftiko_run.errors import LocationUnreadable

FOLDER_VARIABLE: Final = "NAFTIKO_SERVICE_ACCOUNT"
"""The variable with another folder, such as that of a projected token."""

_DEFAULT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The folder with the service account's files.

    Attributes:
        folder: The folder that they are mounted in.
    """

    folder: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> ServiceAccount:
        """Return the service account of this pod."""
        return cls(Path(environment.get(FOLDER_VARIABLE) or _DEFAULT_FOLDER))

    @property
    def authority(self) -> Path:
        """The CA certificate of the API server."""
        return self.folder / "ca.crt"

    def token(self) -> str:
        """Read the token.

        Raises:
            LocationUnreadable: It cannot be read.
        """
        return read_text(self.folder / "token").strip()

    def namespace(self) -> str:
        """Read the pod's namespace.

        Raises:
            LocationUnreadable: It cannot be read.
        """
        return read_text(self.folder / "namespace").strip()


class KubernetesProvider:
    """Reads Secrets from the API server, as the pod's service account.

    ``k8s://secret`` is a Secret of the pod's own namespace.
    """

    def read(self, location: str, keys: Collection[str], settings: ProviderSettings) -> Reading:
        """Read the values at a location; see ``BindingProvider.read``."""
        account = ServiceAccount.of(settings.environment)
        namespace, name = _names(location, account)
        host = settings.environment.get("KUBERNETES_SERVICE_HOST", "")
        if not host:
            raise LocationUnreadable("KUBERNETES_SERVICE_HOST is not set: this is not a pod of a cluster")
        port = settings.environment.get("KUBERNETES_SERVICE_PORT") or "443"
        url = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        headers = {"Authorization": f"Bearer {account.token()}"}
        place = f"the secret {name} of the namespace {namespace}"
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/secrets/{quote(name, safe='')}"
        with SecretServer(
            url, headers, settings.timeout / 2, authority=account.authority, is_direct=True
        ) as server:
            data = _data(server.get(path), place)
        return Reading({key: text for key in keys if (text := _decoded(data.get(key))) is not None}, place)


def _names(location: str, account: ServiceAccount) -> tuple[str, str]:
    names = [unquote(each) for each in location.partition("://")[2].split("/") if each]
    if len(names) == 1:
        return account.namespace(), names[0]
    if len(names) == 2:
        return names[0], names[1]
    raise LocationUnreadable("a location of Kubernetes is k8s://namespace/secret")


def _data(answer: SecretResponse, place: str) -> dict[str, Any]:
    if answer.status == 404:
        raise LocationUnreadable(f"{place} does not exist")
    if answer.status in (401, 403):
        raise LocationUnreadable(f"the service account is not allowed to read {place} ({answer.status})")
    data = answer.member("data")
    if answer.status != 200 or not isinstance(data, dict):
        raise LocationUnreadable(f"the API server responded with {answer.status} for {place}")
    return data


def _decoded(value: Any) -> str | None:
    """Return the text of a base64 value; None where it is not valid."""
    try:
        return b64decode(value, validate=True).decode() if isinstance(value, str) else None
    except (binascii.Error, UnicodeDecodeError):
        return None

"""The service account of a Kubernetes pod: the credentials that the cluster mounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from naftiko_run.bindings.files import read_text

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

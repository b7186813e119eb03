"""``k8s://`` locations, against an API server with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bindings.reading import missing, read
from support.kubernetes import TOKEN, Cluster, running_cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster with a Secret in each of two namespaces."""
    with running_cluster(tmp_path) as running:
        running.secrets = {
            "shop/api": {"api-key": b"s3cr3t", "tls.crt": "é".encode(), "binary": b"\xff\xfe"},
            "other/api": {"api-key": b"of another"},
        }
        yield running


def test_a_secret_of_a_namespace(cluster: Cluster, tmp_path: Path) -> None:
    keys = ("api-key", "tls.crt", "binary", "none")
    found = read("k8s://shop/api", tmp_path, cluster.environment, *keys)
    assert found == {"api-key": "s3cr3t", "tls.crt": "é"}
    assert cluster.asked == ["/api/v1/namespaces/shop/secrets/api"]


@pytest.mark.parametrize(
    ("location", "value"),
    [("k8s://other/api", "of another"), ("k8s://api", "s3cr3t"), ("k8s-secret://other/api", "of another")],
)
def test_the_namespace_is_the_pods_where_none_is_named(
    cluster: Cluster, tmp_path: Path, location: str, value: str
) -> None:
    assert read(location, tmp_path, cluster.environment, "api-key") == {"api-key": value}


@pytest.mark.parametrize(
    ("location", "changed", "reason"),
    [
        ("k8s://shop/api", {}, "the secret api of the namespace shop has no value under that key"),
        ("k8s://shop/none", {}, "the secret none of the namespace shop does not exist"),
        ("k8s://a/b/c", {}, "a location of Kubernetes is k8s://namespace/secret"),
        ("k8s://shop/..", {}, "the secret .. of the namespace shop does not exist"),
        ("k8s://shop/api", {"KUBERNETES_SERVICE_HOST": ""}, "KUBERNETES_SERVICE_HOST is not set"),
        ("k8s://shop/api", {"KUBERNETES_SERVICE_PORT": "1"}, "https://127.0.0.1:1 cannot be reached"),
        ("k8s://shop/api", {"NAFTIKO_SERVICE_ACCOUNT": "/none"}, "/none/token cannot be read"),
    ],
)
def test_what_cannot_be_read_is_missing_and_says_why(
    cluster: Cluster, tmp_path: Path, location: str, changed: dict[str, str], reason: str
) -> None:
    assert reason in missing(location, tmp_path, {**cluster.environment, **changed}).reason


def test_a_service_account_without_rights(cluster: Cluster, tmp_path: Path) -> None:
    cluster.is_forbidden = True
    reason = missing("k8s://shop/api", tmp_path, cluster.environment).reason
    assert reason == "the service account is not allowed to read the secret api of the namespace shop (403)"


def test_the_api_server_must_be_the_clusters(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with running_cluster(tmp_path / "elsewhere") as other:
        authority = (other.account / "ca.crt").read_bytes()
    (cluster.account / "ca.crt").write_bytes(authority)
    reason = missing("k8s://shop/api", tmp_path, cluster.environment).reason
    assert reason == f"https://127.0.0.1:{cluster.port} cannot be reached: its certificate is not trusted"
    assert not cluster.asked
    (cluster.account / "ca.crt").unlink()
    reason = missing("k8s://shop/api", tmp_path, cluster.environment).reason
    assert reason == f"the certificate {cluster.account}/ca.crt cannot be read"
    assert TOKEN not in reason

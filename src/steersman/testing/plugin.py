"""Fixtures for tests with pytest. In a conftest.py: `pytest_plugins = ["steersman.testing.plugin"]`.

    def test_a_deployment_gets_its_pods(cluster, namespace):
        cluster.client.apply(DEPLOYMENT, namespace=namespace)
        cluster.settle()
        assert len(cluster.client.list("pods", namespace=namespace)) == 3

`@pytest.mark.cluster(nodes=10, seed=7)` on a test says what its cluster is like (the arguments of Cluster).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.testing.cluster import Cluster


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "cluster(**arguments): what the cluster of this test is made with")


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster of the test's own, in virtual time."""
    from steersman.testing.cluster import Cluster  # noqa: PLC0415 - half a second, for tests that want one

    marker = request.node.get_closest_marker("cluster")
    with Cluster(**(marker.kwargs if marker is not None else {})) as made:
        yield made


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """The name of a fresh namespace with its service account, called after the test."""
    letters = "".join(c if c.isalnum() else "-" for c in request.node.name.lower()).strip("-")
    name = letters[:63].strip("-")
    cluster.client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.settle()
    return name

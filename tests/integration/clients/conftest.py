"""A namespace of its own for every test of a client library."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import kubernetes
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def api_client(admin: Path) -> Iterator[kubernetes.client.ApiClient]:
    """The official client, configured by the kubeconfig that the server wrote."""
    with kubernetes.config.new_client_from_config(str(admin)) as client:
        yield client


@pytest.fixture
def namespace(api_client: kubernetes.client.ApiClient) -> str:
    """A fresh namespace, with the service account that pods need."""
    name = f"clients-{uuid.uuid4().hex[:8]}"
    core = kubernetes.client.CoreV1Api(api_client)
    core.create_namespace({"metadata": {"name": name}})
    core.create_namespaced_service_account(name, {"metadata": {"name": "default"}})
    return name

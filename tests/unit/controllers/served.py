"""APIs that a test's own API server does not have by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS

if TYPE_CHECKING:
    from steersman.client.request import Ref


async def serve(bench: Any, ref: Ref, *, status: bool = True) -> None:
    """As custom resources without a schema. `status`: with that subresource."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": ref.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {
        "group": ref.group,
        "scope": "Namespaced" if ref.namespaced else "Cluster",
        "names": {"plural": ref.plural, "singular": ref.kind.lower(), "kind": ref.kind},
        "versions": [version | ({"subresources": {"status": {}}} if status else {})],
    }
    annotations = {"api-approved.kubernetes.io": "unapproved, a test"}
    metadata = {"name": f"{ref.plural}.{ref.group}", "annotations": annotations}
    await bench.client.create(CUSTOM_RESOURCE_DEFINITIONS, {"metadata": metadata, "spec": spec})
    await bench.settle()

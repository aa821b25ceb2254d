"""The same objects under other names: in other versions, or in another group (events of two groups)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.resources import ResourceTable, Served


def equivalents(resources: ResourceTable, resource: Resource, subresource: str) -> list[Served]:
    """Everything else that is served from what `resource` is stored as, and has the subresource."""
    stored = resource.stored
    return [
        served
        for served in resources
        if served.resource.stored is stored
        and served.resource is not resource
        and (not subresource or served.resource.subresource(subresource) is not None)
    ]


def is_own_kind(obj: Object, resource: Resource) -> bool:
    """Whether it is an object of the resource, in some version; a Scale or an Eviction is not."""
    return bool(obj.get("kind") == resource.kind and _group(obj) in (resource.group, resource.stored.group))


def _group(obj: Object) -> str:
    return str(obj.get("apiVersion") or "").rpartition("/")[0]

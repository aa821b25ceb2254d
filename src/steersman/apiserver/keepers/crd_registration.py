"""crd_registration: an APIService for every group version that CustomResourceDefinitions serve.

Reads: customresourcedefinitions, apiservices. Writes: apiservices (create, update, delete).
Invariants: only objects that are labelled as continuously managed are changed or deleted; one that somebody else made
for the group version stays as it is.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.apiserver.keepers.base import Keeper
from steersman.apiserver.options import DeleteOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.store.watchcache import Change

MANAGED_LABEL: Final = "kube-aggregator.kubernetes.io/automanaged"
CONTINUOUSLY: Final = "true"
GROUP_PRIORITY: Final = 1000
"""Behind all built-in groups."""
VERSION_PRIORITY: Final = 100
"""The same for all: then versions are in order by their names."""


def plan_specs(group: str, definitions: Iterable[Object]) -> dict[str, Object]:
    """Name of an APIService -> its spec, for what the definitions of a group serve."""
    specs: dict[str, Object] = {}
    for definition in definitions:
        for version in definition["spec"].get("versions") or ():
            if version.get("served"):
                specs[f"{version['name']}.{group}"] = {
                    "group": group,
                    "version": version["name"],
                    "groupPriorityMinimum": GROUP_PRIORITY,
                    "versionPriority": VERSION_PRIORITY,
                }
    return specs


class CRDRegistration(Keeper):
    """Keys are groups: both kinds of objects carry theirs in their name, behind its first dot."""

    name = "crd_registration"
    follows = (CUSTOM_RESOURCE_DEFINITIONS, API_SERVICES)

    def touched(self, resource: Resource, change: Change) -> Iterable[str]:
        return (_group(self.name_of(resource, change)),)

    def everything(self) -> Iterable[str]:
        return [_group(name) for resource in self.follows for name in self.names(resource)]

    async def sync(self, key: str) -> None:
        definitions = self._of_group(CUSTOM_RESOURCE_DEFINITIONS, key)
        specs = plan_specs(key, definitions)
        there = {obj["metadata"]["name"]: obj for obj in self._of_group(API_SERVICES, key)}
        for name, spec in specs.items():
            if name not in there:
                await self._create(name, spec)
            elif _is_managed(there[name]) and there[name]["spec"] != spec:
                await self._update(name, spec)
        for name, obj in there.items():
            if name not in specs and _is_managed(obj):
                await self._delete(name, obj)

    def _of_group(self, resource: Resource, group: str) -> list[Object]:
        names = [name for name in self.names(resource) if _group(name) == group]
        return [obj for name in names if (obj := self._reader.get(resource, "", name)) is not None]

    async def _create(self, name: str, spec: Object) -> None:
        obj: Object = {
            "kind": API_SERVICES.kind,
            "apiVersion": API_SERVICES.api_version,
            "metadata": {"name": name, "labels": {MANAGED_LABEL: CONTINUOUSLY}},
            "spec": spec,
        }
        await self._pipeline.create(self.write(API_SERVICES, name), obj)

    async def _update(self, name: str, spec: Object) -> None:
        def transform(old: Object | None) -> Object:
            assert old is not None
            return old | {"metadata": dict(old["metadata"]), "spec": spec if _is_managed(old) else old["spec"]}

        await self._pipeline.update(self.write(API_SERVICES, name), transform)

    async def _delete(self, name: str, obj: Object) -> None:
        await self._pipeline.delete(self.write(API_SERVICES, name), DeleteOptions(uid=obj["metadata"]["uid"]))


def _group(name: str) -> str:
    return name.partition(".")[2]


def _is_managed(api_service: Object) -> bool:
    labels = api_service["metadata"].get("labels") or {}
    return bool(labels.get(MANAGED_LABEL) == CONTINUOUSLY)

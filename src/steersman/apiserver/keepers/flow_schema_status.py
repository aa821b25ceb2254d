"""flow_schema_status: tells in each FlowSchema's status whether the priority level that it refers to exists.

Reads: flowschemas, prioritylevelconfigurations. Writes: flowschemas (the Dangling condition of their status, applied).
Invariants: other conditions and their owners are left alone.
Upstream differences: several API servers that disagree are not slowed down; they cannot, as each asks what the store
holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.api.columns import at
from steersman.api.errors import go_quote
from steersman.api.flowcontrol.flow_schema import FLOW_SCHEMAS
from steersman.api.flowcontrol.priority_level_configuration import PRIORITY_LEVEL_CONFIGURATIONS
from steersman.api.meta.conditions import condition, find_condition, says_the_same
from steersman.api.schema.decode import decode
from steersman.apiserver.keepers.base import Keeper
from steersman.apiserver.patch.managed_fields import apply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.store.watchcache import Change

MANAGER: Final = "api-priority-and-fairness-config-consumer-v1"
DANGLING: Final = "Dangling"


def plan_dangling(level: str, *, exists: bool) -> Object:
    """The condition of a schema that refers to this priority level, without its time."""
    refers = f"This FlowSchema references the PriorityLevelConfiguration object named {go_quote(level)}"
    if exists:
        return condition(DANGLING, "False", "Found", f"{refers} and it exists")
    return condition(DANGLING, "True", "NotFound", f"{refers} but there is no such object")


class FlowSchemaStatus(Keeper):
    """Keys are names of schemas."""

    name = "flow_schema_status"
    follows = (FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS)

    def touched(self, resource: Resource, change: Change) -> Iterable[str]:
        if resource is FLOW_SCHEMAS:
            return (self.name_of(resource, change),)
        if change.deleted or change.previous is None:
            return self.everything()
        return ()

    def everything(self) -> Iterable[str]:
        return self.names(FLOW_SCHEMAS)

    async def sync(self, key: str) -> None:
        schema = self._reader.get(FLOW_SCHEMAS, "", key)
        if schema is None or says_the_same(find_condition(schema, DANGLING), self._dangling(schema)):
            return
        write = self.write(FLOW_SCHEMAS, key, subresource="status")
        write.manager = MANAGER
        await self._pipeline.update(write, self._applied, own_fields=False)

    def _dangling(self, schema: Object) -> Object:
        level = at(schema, "spec", "priorityLevelConfiguration", "name", default="")
        return plan_dangling(level, exists=self._reader.exists(PRIORITY_LEVEL_CONFIGURATIONS, "", level))

    def _applied(self, live: Object | None) -> Object:
        """The schema after its condition was applied; the time tells when anything of it changed."""
        assert live is not None
        now = self._identifiers.clock.now()
        found, wanted = find_condition(live, DANGLING), self._dangling(live)
        since = found.get("lastTransitionTime") if found is not None and says_the_same(found, wanted) else None
        view = FLOW_SCHEMAS.subresource("status")
        assert view is not None
        assert view.update is not None
        merged = apply(
            live=live,
            patch={
                "apiVersion": FLOW_SCHEMAS.api_version,
                "kind": FLOW_SCHEMAS.kind,
                "metadata": {"name": live["metadata"]["name"]},
                "status": {"conditions": [wanted | {"lastTransitionTime": since or self._identifiers.timestamp(now)}]},
            },
            type_=FLOW_SCHEMAS.schema(),
            kind=FLOW_SCHEMAS.kind,
            manager=MANAGER,
            force=True,
            api_version=FLOW_SCHEMAS.api_version,
            subresource="status",
            now=now,
            reset_fields=view.update.reset_fields,
        )
        obj = decode(FLOW_SCHEMAS.schema(), merged).object
        obj["kind"], obj["apiVersion"] = FLOW_SCHEMAS.kind, FLOW_SCHEMAS.api_version
        return obj

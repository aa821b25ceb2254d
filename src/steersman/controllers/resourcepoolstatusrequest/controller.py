"""resourcepoolstatusrequest: answers ResourcePoolStatusRequests, once each, and deletes them when they are old.

Reads: resource pool status requests, resource slices, resource claims, device taint rules. Writes: resource pool status
requests (status, delete).
Keys: requests, and ROUND (which no request is called) for those that are old.
Invariants: an answer is never changed; pools whose driver still publishes slices are waited for.
Runs where the requests are served (resource.k8s.io/v1alpha3).
Upstream differences: a request about a pool that stays incomplete is tried again as long as it exists.
Upstream: pkg/controller/resourcepoolstatusrequest.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.api.dra.device_taint_rule import DEVICE_TAINT_RULES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.api.errors import Conflict, NotFound
from steersman.api.meta.conditions import condition, find_condition
from steersman.api.meta.times import format_time, parse_time
from steersman.client.client import key_of
from steersman.client.request import Key, Ref
from steersman.controllers.base import Controller, NotYet, Requeue, Writes
from steersman.controllers.resourcepoolstatusrequest.pools import Consumption, consumption_of, pools_of
from steersman.controllers.resourcepoolstatusrequest.views import views_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.controllers.resourcepoolstatusrequest.pools import Pool

REQUESTS = Ref(
    "resource.k8s.io",
    "v1alpha3",
    "resourcepoolstatusrequests",
    namespaced=False,
    kind="ResourcePoolStatusRequest",
)
ROUND = Key("", "/round")
ROUND_S = 600.0
ANSWERED_TTL, PENDING_TTL = timedelta(hours=1), timedelta(hours=24)
LIMIT = 100
"""Of pools in an answer, where the request names none."""
_ERROR_BYTES_MAX = 256
_COMPLETE, _FAILED = "Complete", "Failed"


class ResourcePoolStatusRequests(Controller):
    """See the module."""

    name = "resourcepoolstatusrequest"
    reads = (REQUESTS, RESOURCE_SLICES, RESOURCE_CLAIMS, DEVICE_TAINT_RULES)
    needs = (REQUESTS,)
    writes = (Writes(REQUESTS, ("get", "delete")), Writes(REQUESTS, ("update",), "status"))

    def setup(self) -> None:
        self.on(REQUESTS, lambda _old, new: (key_of(new),) if new is not None and not new.get("status") else ())
        self.queue.add(ROUND)

    async def reconcile(self, key: Key) -> Requeue | None:
        if key == ROUND:
            await self._clean_up()
            return Requeue(after_s=ROUND_S)
        request = self.view.get(REQUESTS, key)
        if request is None or request.get("status"):
            return None
        status = answer(
            request["spec"],
            slices=self.view.list(RESOURCE_SLICES),
            claims=self.view.list(RESOURCE_CLAIMS),
            rules=self.view.list(DEVICE_TAINT_RULES),
            now=self.clock.now(),
        )
        if any(pool.get("validationError", "").startswith("PoolIncomplete:") for pool in status["pools"]):
            raise NotYet("incomplete pools detected, requeueing")
        await self.client.update_status(REQUESTS, request | {"status": status})
        return None

    async def _clean_up(self) -> None:
        now = self.clock.now()
        for request in self.view.list(REQUESTS):
            if is_old(request, now):
                try:
                    await self.client.delete(REQUESTS, key_of(request), uid=request["metadata"]["uid"])
                except (NotFound, Conflict):
                    continue


def is_old(request: Object, now: datetime) -> bool:
    """Answered an hour ago, or asked a day ago."""
    created = parse_time(request["metadata"]["creationTimestamp"])
    if not request.get("status"):
        return now - created > PENDING_TTL
    said = find_condition(request, _COMPLETE) or find_condition(request, _FAILED)
    return now - (parse_time(said["lastTransitionTime"]) if said is not None else created) > ANSWERED_TTL


def answer(
    asked: Object, *, slices: Iterable[Object], claims: Iterable[Object], rules: Iterable[Object], now: datetime
) -> Object:
    """The status. `asked`: the request's specification."""
    driver = asked["driver"]
    pools = pools_of(slices, driver, asked.get("poolName") or "")
    used = consumption_of(claims, driver)
    attribute, rules = asked.get("defaultPartitionTypeAttribute") or "", list(rules)
    limit = asked.get("limit", LIMIT)
    told = [pool_status(pool, used.get(pool.name, Consumption()), rules, attribute) for pool in pools[:limit]]
    wrong = sum("validationError" in each for each in told)
    message = f"Calculated status for {len(told)} pools" + (f" ({wrong} incomplete)" if wrong else "")
    said = condition(_COMPLETE, "True", "CalculationComplete", message) | {"lastTransitionTime": format_time(now)}
    return {"poolCount": len(pools), "pools": told, "conditions": [said]}


def pool_status(pool: Pool, used: Consumption, rules: list[Object], default_attribute: str) -> Object:
    """What is told of one pool; of one that is not complete only that."""
    status: Object = {"driver": pool.driver, "poolName": pool.name, "generation": pool.generation}
    if pool.node:
        status["nodeName"] = pool.node
    if not pool.is_complete:
        return status | {
            "validationError": _shortened(
                f"PoolIncomplete: pool {pool.driver}/{pool.name} is incomplete: observed {len(pool.slices)}/"
                f"{pool.expected} slices at generation {pool.generation}"
            )
        }
    total, closed = len(pool.entries()), pool.closed(rules)
    views = views_of(pool, used, default_attribute)
    status |= {
        "resourceSliceCount": len(pool.slices),
        "totalDevices": total,
        "allocatedDevices": len(used.devices),
        "availableDevices": max(0, total - len(used.devices) - closed),
        "unavailableDevices": closed,
    }
    if views.partitions:
        status["partitionSummary"] = views.partitions
    if views.shared is not None:
        status["shareableSummary"] = views.shared
    if views.problem:
        status["validationError"] = _shortened(views.problem)
    return status


def _shortened(text: str) -> str:
    return text.encode()[:_ERROR_BYTES_MAX].decode(errors="ignore")

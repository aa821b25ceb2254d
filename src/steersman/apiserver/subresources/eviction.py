"""pods/eviction: delete a pod unless its disruption budget forbids it.

Reads: pods, poddisruptionbudgets. Writes: poddisruptionbudgets (status: one disruption less, the pod among the
disrupted), pods (delete). Invariants: a budget is charged before the pod is deleted, with the budget's version
compared, so that two evictions never use the same allowance. Pods that are pending, finished or being deleted are no
loss and bypass budgets. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import BadRequest, NotFound, TooManyRequests
from steersman.api.meta.label_selector import compile_selector
from steersman.api.policy.pod_disruption_budget import POD_DISRUPTION_BUDGETS
from steersman.apiserver import deletion
from steersman.apiserver.options import delete_options
from steersman.apiserver.subresources.common import Kind, Unexplained, admitted, done
from steersman.apiserver.verbs.naming import fit_namespace
from steersman.apiserver.write import Write

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader
    from steersman.apiserver.call import Call
    from steersman.apiserver.options import DeleteOptions
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response

_EVICTION = Kind(
    group="policy",
    version="v1",
    kind="Eviction",
    definition="io.k8s.api.policy.v1.Eviction",
    also=(("policy/v1beta1", "Eviction"),),
)
_DISRUPTED_MAX = 2000
"""Pods that a budget may hold as disrupted but not yet gone (upstream: MaxDisruptedPodSize)."""
_TOO_MANY = "Cannot evict pod as it would violate the pod's disruption budget."
_DISRUPTION = "DisruptionBudget"


class Evictions:
    """The connector."""

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    async def evict(self, call: Call, service: Service) -> Response:
        """Raises NotFound, TooManyRequests, Conflict, BadRequest."""
        create = call.write_options("CreateOptions")
        eviction = _EVICTION.read(call, service, validation=create.field_validation)
        fit_namespace(call, eviction)
        if eviction["metadata"].get("name") != call.info.name:
            raise BadRequest("name in URL does not match name in Eviction object")
        eviction = await admitted(call, service, call.write(create, "CreateOptions"), eviction)
        options = delete_options({}, eviction.get("deleteOptions") or {})
        dry_run = create.dry_run or options.dry_run
        pod = self._reader.get(PODS, call.info.namespace, call.info.name)
        if pod is None:
            raise NotFound.of("", "pods", call.info.name)
        if not _bypasses(pod):
            budgets = self._budgets(pod)
            if len(budgets) > 1:
                raise Unexplained(
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
                )
            if budgets and not self._unhealthy_may_go(pod, budgets[0]):
                # The preconditions first: a pod that is another by now must not cost its budget anything.
                deletion.check_preconditions(PODS, call.info.name, pod, options)
                await self._charge(call, service, budgets[0], dry_run=dry_run)
        await self._tell(call, service, dry_run=dry_run)
        await self._delete(call, service, options, dry_run=dry_run)
        return done(call)

    def _budgets(self, pod: Object) -> list[Object]:
        metadata = pod["metadata"]
        labels = metadata.get("labels") or {}
        found = []
        for budget in self._reader.list(POD_DISRUPTION_BUDGETS, metadata["namespace"]):
            selector = budget["spec"].get("selector")
            if selector is not None and compile_selector(selector).matches(labels):
                found.append(budget)
        return found

    @staticmethod
    def _unhealthy_may_go(pod: Object, budget: Object) -> bool:
        """A pod that runs but is not ready, under a budget that lets such pods go."""
        if _is_ready(pod) or (pod.get("status") or {}).get("phase") != "Running":
            return False
        if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
            return True
        status = budget.get("status") or {}
        desired = status.get("desiredHealthy", 0)
        return bool(desired > 0 and status.get("currentHealthy", 0) >= desired)

    async def _charge(self, call: Call, service: Service, budget: Object, *, dry_run: bool) -> None:
        """Take one disruption from the budget. Raises TooManyRequests."""
        name = budget["metadata"]["name"]
        moment = call.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        write = Write(
            served=service.resources.of(POD_DISRUPTION_BUDGETS),
            namespace=call.info.namespace,
            name=name,
            user=call.user,
            now=call.now,
            subresource=POD_DISRUPTION_BUDGETS.subresource("status"),
            manager="kube-apiserver",
            dry_run=dry_run,
        )

        def charged(old: Object | None) -> Object:
            if old is None:
                raise NotFound.of("policy", "poddisruptionbudgets", name)
            _check_budget(old)
            status = dict(old["status"])
            status["disruptionsAllowed"] -= 1
            if not status["disruptionsAllowed"]:
                status["conditions"] = _disallowed(status, moment)
            status["disruptedPods"] = (status.get("disruptedPods") or {}) | {call.info.name: moment}
            return service.normal_form(POD_DISRUPTION_BUDGETS, old | {"status": status})

        await service.pipeline.update(write, charged, review=False)

    async def _tell(self, call: Call, service: Service, *, dry_run: bool) -> None:
        """Say in the pod why it goes."""
        moment = call.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        condition: Object = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": moment,
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        }

        def told(old: Object | None) -> Object:
            if old is None:
                raise NotFound.of("", "pods", call.info.name)
            status = dict(old.get("status") or {})
            others = [c for c in status.get("conditions") or () if c["type"] != condition["type"]]
            status["conditions"] = [*others, condition]
            return service.normal_form(PODS, old | {"status": status})

        write = Write(
            served=service.resources.of(PODS),
            namespace=call.info.namespace,
            name=call.info.name,
            user=call.user,
            now=call.now,
            subresource=PODS.subresource("status"),
            dry_run=dry_run,
        )
        await service.pipeline.update(write, told, own_fields=False, default=False, review=False)

    async def _delete(self, call: Call, service: Service, options: DeleteOptions, *, dry_run: bool) -> None:
        write = Write(
            served=service.resources.of(PODS),
            namespace=call.info.namespace,
            name=call.info.name,
            user=call.user,
            now=call.now,
            dry_run=dry_run,
            warnings=call.warnings,
        )
        await service.pipeline.delete(write, options, review=False)


def _bypasses(pod: Object) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Pending", "Succeeded", "Failed") or bool(pod["metadata"].get("deletionTimestamp"))


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _disallowed(status: Object, moment: str) -> list[Object]:
    """The conditions of a budget that is used up."""
    condition = {
        "type": "DisruptionAllowed",
        "status": "False",
        "observedGeneration": status.get("observedGeneration", 0),
        "lastTransitionTime": moment,
        "reason": "InsufficientPods",
        "message": "",
    }
    others = [c for c in status.get("conditions") or () if c["type"] != condition["type"]]
    before = next((c for c in status.get("conditions") or () if c["type"] == condition["type"]), None)
    if before is not None and before["status"] == condition["status"]:
        condition["lastTransitionTime"] = before["lastTransitionTime"]
    return [*others, condition]


def _check_budget(budget: Object) -> None:
    metadata, status = budget["metadata"], budget.get("status") or {}
    name = metadata["name"]
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        raise _refused(f"The disruption budget {name} is still being processed by the server.", retry_after_s=10)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise _refused(f"The disruption budget {name} has a negative number of allowed disruptions")
    if len(status.get("disruptedPods") or {}) > _DISRUPTED_MAX:
        raise _refused(f"DisruptedPods map too big - too many evictions not confirmed by PDB controller for {name}")
    if allowed == 0:
        desired, current = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        raise _refused(f"The disruption budget {name} needs {desired} healthy pods and has {current} currently")


def _refused(why: str, *, retry_after_s: int = 0) -> TooManyRequests:
    details: Object = {"causes": [{"reason": _DISRUPTION, "message": why}]}
    headers: tuple[tuple[str, str], ...] = ()
    if retry_after_s:
        details["retryAfterSeconds"] = retry_after_s
        headers = (("Retry-After", str(retry_after_s)),)
    return TooManyRequests(_TOO_MANY, details=details, headers=headers)

"""horizontal_pod_autoscaler: as many replicas of a workload as its metrics ask for, within bounds, at a measured pace.

Reads: horizontalpodautoscalers, pods; the metrics APIs. Writes: horizontalpodautoscalers (status), the scale of
whatever they mean, events.
Invariants: what cannot be measured changes nothing, and never makes anything smaller; an autoscaler whose pods another
one counts too does nothing; the target is changed through its scale only, as it was read, or read again.
Upstream differences: no metrics of its own; the autoscalers named in an ambiguity come in alphabetical order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, Conflict
from steersman.api.meta.labels import NOTHING, parse_selector
from steersman.api.meta.quantity import parse
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Key, Ref
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.horizontal_pod_autoscaler.evaluation import (
    INVALID_SOURCE,
    Evaluation,
    FailedMetricError,
    Workload,
)
from steersman.controllers.horizontal_pod_autoscaler.limits import SHRINK_WINDOW_S, History, plan_limited
from steersman.controllers.horizontal_pod_autoscaler.measured import INTERNAL, NO_ERROR, SPEC, Measured, action_of
from steersman.controllers.horizontal_pod_autoscaler.metrics import Metrics
from steersman.controllers.horizontal_pod_autoscaler.status import ABLE, ACTIVE, LIMITED, TO_ZERO, Draft
from steersman.controllers.horizontal_pod_autoscaler.target import UnknownTargetError, find_target
from steersman.controllers.horizontal_pod_autoscaler.usage import USUAL_WARM_UP, Tolerance, WarmUp
from steersman.controllers.pending import Pending
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools
    from steersman.controllers.horizontal_pod_autoscaler.evaluation import Proposal

SYNC_S = 15.0
"""How often metrics are looked at."""
_CONFLICTS_MAX = 5
_ABOVE_MAX = "Current number of replicas above Spec.MaxReplicas"
_BELOW_MIN = "Current number of replicas below Spec.MinReplicas"


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of kube-controller-manager: --horizontal-pod-autoscaler-*."""

    sync_s: float = SYNC_S
    tolerance: float = 0.1
    shrink_window_s: float = SHRINK_WINDOW_S
    """Of autoscalers that say none."""
    warm_up: WarmUp = USUAL_WARM_UP


@dataclass(frozen=True, slots=True)
class _Demand:
    """What all metrics ask for together. `error`: what is wrong with some."""

    replicas: int
    metric: str
    statuses: list[Object | None]
    error: str


class _UnmeasuredError(Exception):
    """Nothing is known that could be acted on; the text says why. `statuses`: as far as there are any."""

    def __init__(self, text: str, statuses: list[Object | None] | None = None) -> None:
        super().__init__(text)
        self.statuses = statuses


class HorizontalPodAutoscalers(Controller):
    """See the module."""

    name = "horizontal_pod_autoscaler"
    account = "horizontal-pod-autoscaler"
    reads = (HORIZONTAL_POD_AUTOSCALERS, PODS)
    writes = (
        Writes(HORIZONTAL_POD_AUTOSCALERS, ("get",)),
        Writes(HORIZONTAL_POD_AUTOSCALERS, ("update",), "status"),
        Writes(Ref("*", "*", "*", namespaced=True), ("get", "update"), "scale"),
        Writes(Ref("metrics.k8s.io", "v1beta1", "pods", namespaced=True), ("list",)),
        Writes(Ref("custom.metrics.k8s.io", "*", "*", namespaced=True), ("get", "list")),
        Writes(Ref("external.metrics.k8s.io", "v1beta1", "*", namespaced=True), ("get", "list")),
    )

    def __init__(self, tools: Tools, *, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._measured = Measured(registry=tools.registry)
        super().__init__(tools)

    def setup(self) -> None:
        self._metrics = Metrics(client=self.client, discovery=self.discovery)
        self._pending = Pending(view=self.view, resource=HORIZONTAL_POD_AUTOSCALERS)
        self._histories: dict[Key, History] = {}
        self._selectors: dict[Key, Selector] = {}
        """Whose pods each autoscaler counts, as far as that is known."""
        self.on(HORIZONTAL_POD_AUTOSCALERS, self._concerned)

    async def reconcile(self, key: Key) -> Requeue | None:
        autoscaler = self.view.get(HORIZONTAL_POD_AUTOSCALERS, key)
        if autoscaler is None:
            self._pending.forget(key)
            self._histories.pop(key, None)
            self._selectors.pop(key, None)
            return None
        self._selectors.setdefault(key, NOTHING)
        if self._pending.settled(key):
            # Whatever goes wrong: the next look at the metrics is due at the same time.
            started, action, error_label = loop_time(), "none", INTERNAL
            try:
                action, error_label = await self._autoscale(key, autoscaler)
            except (ApiError, TransportError) as error:
                self.logger.warning("%s: %s", key, error)
            self._measured.looked(action, error_label, loop_time() - started)
        return Requeue(after_s=self._settings.sync_s)

    # -- one look

    async def _autoscale(self, key: Key, autoscaler: Object) -> tuple[str, str]:
        """What was done, and what went wrong, as metrics call it. Raises ApiError, TransportError."""
        now = self.clock.now()
        draft = Draft(autoscaler, now=now)
        try:
            resource, scale = await self._scale_of(key.namespace, autoscaler["spec"]["scaleTargetRef"])
        except (UnknownTargetError, ApiError) as error:
            self._warn(autoscaler, "FailedGetScale", str(error))
            draft.say(
                ABLE,
                "False",
                "FailedGetScale",
                f"the HPA controller was unable to get the target's current scale: {error}",
            )
            await self._write(key, autoscaler, draft)
            return "none", INTERNAL
        draft.say(ABLE, "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale")
        present = (scale.get("spec") or {}).get("replicas", 0)
        self._histories.setdefault(key, History().with_asked(present, now))
        statuses: list[Object | None] | None = None
        desired, reason = plan_unmeasured(autoscaler["spec"], present, was_zeroed=draft.is_true(TO_ZERO))
        if desired is None:
            try:
                demand = await self._measure(key, autoscaler, scale, draft, now)
            except _UnmeasuredError as error:
                draft.count(present, None, error.statuses)
                await self._write(key, autoscaler, draft)
                self._warn(autoscaler, "FailedComputeMetricsReplicas", str(error))
                return "none", INTERNAL
            if demand.error:
                self.logger.warning("%s: %s", key, demand.error)
            statuses = demand.statuses
            desired, reason = self._limit(key, autoscaler, demand, present, draft, now)
        elif not reason:
            message = "scaling is disabled since the replica count of the target is zero"
            draft.say(ACTIVE, "False", "ScalingDisabled", message)
        rescaled = desired != present
        if rescaled and not await self._rescale(autoscaler, resource, scale, desired, reason, draft):
            draft.count(present, None, statuses)
            await self._write(key, autoscaler, draft)
            return "none", INTERNAL
        if rescaled:
            self._note_rescaled(key, autoscaler, present, desired, draft, now)
        draft.count(present, desired, statuses, rescaled=rescaled)
        await self._write(key, autoscaler, draft)
        return action_of(present, desired), NO_ERROR

    async def _scale_of(self, namespace: str, reference: Object) -> tuple[Ref, Object]:
        """Raises UnknownTargetError, ApiError, TransportError."""
        try:
            found = find_target(self.discovery.surface, reference)
        except UnknownTargetError:
            # It may be served since a moment ago.
            found = find_target(await self.discovery.fetch(), reference)
        resource = Ref(found.group, found.version, found.plural, namespaced=True)
        return resource, await self.client.get(resource, Key(namespace, reference["name"]), subresource="scale")

    async def _measure(self, key: Key, autoscaler: Object, scale: Object, draft: Draft, now: datetime) -> _Demand:
        """Raises _UnmeasuredError."""
        selector, pods = self._pods_of(key, autoscaler, scale, draft)
        wanted = (scale.get("spec") or {}).get("replicas", 0)
        present = (scale.get("status") or {}).get("replicas", 0)
        evaluation = Evaluation(
            metrics=self._metrics,
            workload=Workload(key.namespace, selector, pods, wanted, present),
            tolerance=tolerance_of(autoscaler["spec"], self._settings.tolerance),
            now=now,
            warm_up=self._settings.warm_up,
        )
        found: list[Proposal | None] = []
        failures: list[FailedMetricError] = []
        for spec in autoscaler["spec"]["metrics"]:
            started, action, error = loop_time(), "none", NO_ERROR
            try:
                proposal = await evaluation.propose(spec)
                action = action_of(present, proposal.replicas)
                found.append(proposal)
            except FailedMetricError as failure:
                error = SPEC if failure.reason == INVALID_SOURCE else INTERNAL
                self._warn(autoscaler, failure.reason, failure.cause)
                failures.append(failure)
                found.append(None)
            self._measured.computed(spec["type"], action, error, loop_time() - started)
        statuses = [each.status if each is not None else None for each in found]
        best = max((each for each in found if each is not None), key=lambda each: each.replicas, default=None)
        text = ""
        if failures:
            text = f"invalid metrics ({len(failures)} invalid out of {len(found)}), first error is: {failures[0]}"
        if best is None or (failures and best.replicas < wanted):
            # The metrics that are missing might ask for more.
            cause = f"the HPA was unable to compute the replica count: {failures[0].cause}"
            draft.say(ACTIVE, "False", failures[0].reason, cause)
            raise _UnmeasuredError(text, statuses)
        draft.say(
            ACTIVE,
            "True",
            "ValidMetricFound",
            f"the HPA was able to successfully calculate a replica count from {best.metric}",
        )
        return _Demand(best.replicas, best.metric, statuses, text)

    def _pods_of(self, key: Key, autoscaler: Object, scale: Object, draft: Draft) -> tuple[Selector, list[Object]]:
        """Raises _UnmeasuredError."""
        text = (scale.get("status") or {}).get("selector", "")
        if not text:
            self._warn(autoscaler, "SelectorRequired", "selector is required")
            draft.say(ACTIVE, "False", "InvalidSelector", "the HPA target's scale is missing a selector")
            raise _UnmeasuredError("selector is required")
        try:
            selector = parse_selector(text)
        except ValueError as error:
            message = f"couldn't convert selector into a corresponding internal selector object: {error}"
            self._warn(autoscaler, "InvalidSelector", message)
            draft.say(ACTIVE, "False", "InvalidSelector", message)
            raise _UnmeasuredError(message) from error
        self._selectors[key] = selector
        pods = [
            pod for pod in self.view.list(PODS, key.namespace) if selector.matches(pod["metadata"].get("labels") or {})
        ]
        others = self._counted_by(key.namespace, pods)
        if len(others) > 1:
            named = " ".join(map(str, others[:2]))
            message = f"pods by selector {text} are controlled by more than one HPA (e.g. [{named}])"
            self._warn(autoscaler, "AmbiguousSelector", message)
            draft.say(ACTIVE, "False", "AmbiguousSelector", message)
            raise _UnmeasuredError(message)
        return selector, pods

    def _counted_by(self, namespace: str, pods: Iterable[Object]) -> list[Key]:
        """The autoscalers that count any of the pods."""
        seen = {frozenset((pod["metadata"].get("labels") or {}).items()) for pod in pods}
        return sorted(
            key
            for key, selector in self._selectors.items()
            if key.namespace == namespace and any(selector.matches(dict(labels)) for labels in seen)
        )

    def _limit(
        self, key: Key, autoscaler: Object, demand: _Demand, present: int, draft: Draft, now: datetime
    ) -> tuple[int, str]:
        """Replicas, and why."""
        spec = autoscaler["spec"]
        minimum = spec.get("minReplicas", 1)
        reason = ""
        if demand.replicas > present:
            reason = f"{demand.metric} above target"
        elif demand.replicas < present:
            reason = "All metrics below target"
        plan = plan_limited(
            spec,
            demand.replicas,
            present=present,
            minimum=minimum,
            history=self._histories[key],
            now=now,
            shrink_window_s=self._settings.shrink_window_s,
        )
        self._histories[key] = plan.history
        draft.say(ABLE, "True", *plan.able)
        draft.say(LIMITED, *plan.limited)
        replicas = plan.replicas
        if present == 0 and minimum != 0 and draft.is_true(TO_ZERO) and replicas < minimum:
            replicas, reason = minimum, reason or _BELOW_MIN
        return replicas, reason

    # -- writing

    async def _rescale(
        self, autoscaler: Object, resource: Ref, scale: Object, replicas: int, reason: str, draft: Draft
    ) -> bool:
        """Whether the target was given so many replicas; told either way."""
        for attempt in range(1, _CONFLICTS_MAX + 1):
            changed = scale | {"spec": (scale.get("spec") or {}) | {"replicas": replicas}}
            try:
                await self.client.update(resource, changed, subresource="scale")
            except Conflict as error:
                failure: ApiError | TransportError = error
            except (ApiError, TransportError) as error:
                failure = error
                break
            else:
                draft.say(
                    ABLE,
                    "True",
                    "SucceededRescale",
                    f"the HPA controller was able to update the target scale to {replicas}",
                )
                self.recorder.event(
                    autoscaler, "Normal", "SuccessfulRescale", f"New size: {replicas}; reason: {reason}"
                )
                return True
            if attempt < _CONFLICTS_MAX:
                scale = await self.client.get(resource, key_of(scale), subresource="scale")
        self._warn(autoscaler, "FailedRescale", f"New size: {replicas}; reason: {reason}; error: {failure}")
        message = f"the HPA controller was unable to update the target scale: {failure}"
        draft.say(ABLE, "False", "FailedUpdateScale", message)
        return False

    def _note_rescaled(
        self, key: Key, autoscaler: Object, before: int, after: int, draft: Draft, now: datetime
    ) -> None:
        spec = autoscaler["spec"]
        if spec.get("behavior") is not None:
            self._histories[key] = self._histories[key].with_change(before, after, now)
        if before > 0 and after == 0 and spec.get("minReplicas", 1) == 0 and goes_on_without_pods(spec):
            draft.say(TO_ZERO, "True", "ScaledToZero", "the HPA controller scaled the workload to zero")
        else:
            message = "the HPA controller did not scale the workload to zero"
            draft.say(TO_ZERO, "False", "NotScaledToZero", message)

    async def _write(self, key: Key, autoscaler: Object, draft: Draft) -> None:
        status = draft.changed
        if status is None:
            return
        try:
            written = await self.client.update_status(HORIZONTAL_POD_AUTOSCALERS, autoscaler | {"status": status})
        except ApiError as error:
            self._warn(autoscaler, "FailedUpdateStatus", str(error))
            raise
        self._pending.created(key, written)

    def _warn(self, autoscaler: Object, reason: str, message: str) -> None:
        self.recorder.event(autoscaler, "Warning", reason, message)

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """At once only by what users change; its own status comes when the next look is due."""
        present = new if new is not None else old
        assert present is not None
        if old is None or new is None or old["metadata"].get("generation") != new["metadata"].get("generation"):
            yield key_of(present)


def plan_unmeasured(spec: Object, present: int, *, was_zeroed: bool) -> tuple[int | None, str]:
    """Replicas that follow from bounds alone, and why; no reason for a target that was switched off. None: measure."""
    minimum = spec.get("minReplicas", 1)
    if present == 0:
        starts_again = was_zeroed and (minimum != 0 or goes_on_without_pods(spec))
        return (None, "") if starts_again else (0, "")
    if present > spec["maxReplicas"]:
        return spec["maxReplicas"], _ABOVE_MAX
    if present < minimum:
        return minimum, _BELOW_MIN
    return None, ""


def goes_on_without_pods(spec: Object) -> bool:
    """It has a metric that is not measured at pods."""
    return any(each["type"] in ("Object", "External") for each in spec["metrics"])


def tolerance_of(spec: Object, usual: float) -> Tolerance:
    behavior = spec.get("behavior") or {}
    amounts = ((behavior.get(name) or {}).get("tolerance") for name in ("scaleDown", "scaleUp"))
    down, up = (usual if amount is None else parse(amount).as_float() for amount in amounts)
    return Tolerance(down, up)

"""evaluation: what one metric of an autoscaler asks for, and what its status says of it.

Upstream: computeReplicasForMetric in pkg/controller/podautoscaler/horizontal.go, whose words these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.meta.label_selector import compile_selector
from steersman.api.meta.labels import EVERYTHING
from steersman.api.meta.quantity import Format, of_milli_value, parse
from steersman.controllers.horizontal_pod_autoscaler.target import shown_selector
from steersman.controllers.horizontal_pod_autoscaler.usage import (
    USUAL_WARM_UP,
    MetricError,
    Tolerance,
    judge_average,
    judge_share,
    judge_total,
    judge_utilization,
    total_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.controllers.horizontal_pod_autoscaler.metrics import Metrics
    from steersman.controllers.horizontal_pod_autoscaler.usage import Verdict, WarmUp


INVALID_SOURCE = "InvalidMetricSourceType"
"""Why a metric of an unknown type fails."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`metric`: how it is told of in reasons; `status`: a MetricStatus."""

    replicas: int
    metric: str
    status: Object


class FailedMetricError(Exception):
    """A metric asks for nothing that is known. `reason` and `cause`: of a condition and an event; the text adds which
    metric it was.
    """

    def __init__(self, reason: str, cause: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Workload:
    """What an autoscaler scales."""

    namespace: str
    selector: Selector
    pods: Sequence[Object]
    wanted: int
    """spec.replicas of its scale."""
    present: int
    """status.replicas."""


class Evaluation:
    """Of the metrics of one autoscaler, at one time."""

    def __init__(
        self,
        *,
        metrics: Metrics,
        workload: Workload,
        tolerance: Tolerance,
        now: datetime,
        warm_up: WarmUp = USUAL_WARM_UP,
    ) -> None:
        self._metrics = metrics
        self._workload = workload
        self._tolerance = tolerance
        self._now = now
        self._warm_up = warm_up

    async def propose(self, spec: Object) -> Proposal:
        """`spec`: a MetricSpec. Raises FailedMetricError."""
        match spec["type"]:
            case "Resource":
                return await self._resource(spec["resource"], "", "resource", "FailedGetResourceMetric")
            case "ContainerResource":
                source = spec["containerResource"]
                return await self._resource(
                    source, source["container"], "containerResource", "FailedGetContainerResourceMetric"
                )
            case "Pods":
                return await self._pods(spec["pods"])
            case "Object":
                return await self._object(spec["object"])
            case "External":
                return await self._external(spec["external"])
            case kind:
                text = f'unknown metric source type "{kind}"'
                raise FailedMetricError(INVALID_SOURCE, text, text)

    async def _resource(self, source: Object, container: str, field: str, reason: str) -> Proposal:
        name, target = source["name"], source["target"]
        outer = (
            f"failed to get {container} container metric value"
            if container
            else f"failed to get {name} resource metric value"
        )
        by_value = target.get("averageValue") is not None
        if not by_value and target.get("averageUtilization") is None:
            text = (
                "invalid resource metric source: neither an average utilization target nor an average value (usage) "
                "target was set"
            )
            raise FailedMetricError(reason, text, f"{outer}: {text}")
        try:
            verdict = await self._judge_resource(name, container, target)
        except MetricError as error:
            inner = f"failed to get {name} {'usage' if by_value else 'utilization'}: {error}"
            raise FailedMetricError(reason, inner, f"{outer}: {inner}") from error
        current: Object = {
            "averageValue": _amount(verdict.usage, Format.BINARY_SI if name == "memory" else Format.DECIMAL_SI)
        }
        told = f"{name} resource"
        if not by_value:
            current["averageUtilization"] = verdict.utilization
            told = f"{name}{' container' if container else ''} resource utilization (percentage of request)"
        what = {"name": name, **({"container": container} if container else {}), "current": current}
        return Proposal(verdict.replicas, told, {"type": field[0].upper() + field[1:], field: what})

    async def _judge_resource(self, name: str, container: str, target: Object) -> Verdict:
        work = self._workload
        try:
            samples = await self._metrics.resource(work.namespace, work.selector, name, container)
        except MetricError as error:
            raise MetricError(f"unable to get metrics for resource {name}: {error}") from error
        if target.get("averageValue") is not None:
            return judge_average(
                work.pods,
                samples,
                resource=name,
                target=_milli(target["averageValue"]),
                present=work.wanted,
                tolerance=self._tolerance,
                now=self._now,
                warm_up=self._warm_up,
            )
        return judge_utilization(
            work.pods,
            samples,
            resource=name,
            container=container,
            target=target["averageUtilization"],
            present=work.wanted,
            tolerance=self._tolerance,
            now=self._now,
            warm_up=self._warm_up,
        )

    async def _pods(self, source: Object) -> Proposal:
        reason, work, metric = "FailedGetPodsMetric", self._workload, source["metric"]
        name = metric["name"]
        try:
            labels = _selector(metric)
            try:
                samples = await self._metrics.of_pods(work.namespace, work.selector, name, labels)
            except MetricError as error:
                raise MetricError(f"unable to get metric {name}: {error}") from error
            verdict = judge_average(
                work.pods,
                samples,
                resource="",
                target=_milli(source["target"]["averageValue"]),
                present=work.wanted,
                tolerance=self._tolerance,
                now=self._now,
            )
        except MetricError as error:
            raise FailedMetricError(reason, str(error), f"failed to get pods metric value: {error}") from error
        current = {"averageValue": _amount(verdict.usage)}
        return Proposal(
            verdict.replicas, f"pods metric {name}", {"type": "Pods", "pods": {"metric": metric, "current": current}}
        )

    async def _object(self, source: Object) -> Proposal:
        reason, work = "FailedGetObjectMetric", self._workload
        metric, target, reference = source["metric"], source["target"], source["describedObject"]
        name, outer = metric["name"], "failed to get object metric value"
        shared = target["type"] == "AverageValue" and target.get("averageValue") is not None
        if not shared and not (target["type"] == "Value" and target.get("value") is not None):
            text = "invalid object metric source: neither a value target nor an average value target was set"
            raise FailedMetricError(reason, text, f"{outer}: {text}")
        try:
            labels = _selector(metric)
            try:
                usage = await self._metrics.of_object(work.namespace, reference, name, labels)
            except MetricError as error:
                what = f"{reference['kind']} {work.namespace}/{reference['name']}"
                raise MetricError(f"unable to get metric {name} on {what}: {error}") from error
            verdict = self._judge(usage, target, shared=shared)
        except MetricError as error:
            middle = f"failed to get {name} object metric: " if shared else ""
            raise FailedMetricError(reason, str(error), f"{outer}: {middle}{error}") from error
        told = _external_name(metric) if shared else f"{reference['kind']} metric {name}"
        current = {"averageValue" if shared else "value": _amount(verdict.usage)}
        status = {"metric": metric, "describedObject": reference, "current": current}
        return Proposal(verdict.replicas, told, {"type": "Object", "object": status})

    async def _external(self, source: Object) -> Proposal:
        reason, work = "FailedGetExternalMetric", self._workload
        metric, target = source["metric"], source["target"]
        name = metric["name"]
        outer, shared = f"failed to get {name} external metric value", target.get("averageValue") is not None
        if not shared and target.get("value") is None:
            text = "invalid external metric source: neither a value target nor an average value target was set"
            raise FailedMetricError(reason, text, f"{outer}: {text}")
        try:
            labels = _selector(metric)
            try:
                values = await self._metrics.external(work.namespace, name, labels)
            except MetricError as error:
                what = f"{work.namespace}/{name}/{shown_selector(metric.get('selector'))}"
                raise MetricError(f"unable to get external metric {what}: {error}") from error
            verdict = self._judge(total_of(values), target, shared=shared)
        except MetricError as error:
            middle = f"failed to get {name} external metric" if shared else f"failed to get external metric {name}"
            raise FailedMetricError(reason, str(error), f"{outer}: {middle}: {error}") from error
        current = {"averageValue" if shared else "value": _amount(verdict.usage)}
        status = {"metric": metric, "current": current}
        return Proposal(verdict.replicas, _external_name(metric), {"type": "External", "external": status})

    def _judge(self, usage: int, target: Object, *, shared: bool) -> Verdict:
        work, tolerance = self._workload, self._tolerance
        if shared:
            return judge_share(usage, target=_milli(target["averageValue"]), present=work.present, tolerance=tolerance)
        return judge_total(work.pods, usage, target=_milli(target["value"]), present=work.wanted, tolerance=tolerance)


def _external_name(metric: Object) -> str:
    return f"external metric {metric['name']}({shown_selector(metric.get('selector'))})"


def _selector(metric: Object) -> Selector:
    """Of the metric's labels; none at all chooses all of its series."""
    given = metric.get("selector")
    if given is None:
        return EVERYTHING
    try:
        return compile_selector(given)
    except ValueError as error:
        raise MetricError(str(error)) from error


def _milli(amount: str | float) -> int:
    return parse(amount).milli_value()


def _amount(milli: int, family: Format = Format.DECIMAL_SI) -> str:
    return str(of_milli_value(milli, family))

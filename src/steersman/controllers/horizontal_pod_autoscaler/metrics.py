"""metrics: asks the metrics APIs, which extension servers provide: metrics.k8s.io, custom.metrics.k8s.io,
external.metrics.k8s.io.

Upstream: pkg/controller/podautoscaler/metrics, k8s.io/metrics clients. Difference: which version of custom metrics is
served is looked up in what discovery knows, not remembered apart.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from steersman.api.errors import ApiError, NotFound, ServiceUnavailable, qualified
from steersman.api.meta.quantity import parse
from steersman.client.errors import TransportError
from steersman.controllers.horizontal_pod_autoscaler.target import UnknownTargetError, find_target
from steersman.controllers.horizontal_pod_autoscaler.usage import MetricError, Sample
from steersman.lib.cron import parse_duration

if TYPE_CHECKING:
    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.discovery import Discovery

_CUSTOM = "custom.metrics.k8s.io"
_CUSTOM_VERSIONS = ("v1beta2", "v1beta1")
_RESOURCES = "/apis/metrics.k8s.io/v1beta1"
_EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1"
_WINDOW = timedelta(minutes=1)
"""Of samples that do not tell theirs."""


class Metrics:
    """All of it raises MetricError."""

    def __init__(self, *, client: Client, discovery: Discovery) -> None:
        self._client = client
        self._discovery = discovery

    async def resource(self, namespace: str, selector: Selector, resource: str, container: str) -> dict[str, Sample]:
        """What pods, or a container of each, use, by the pod's name."""
        path = f"{_RESOURCES}/namespaces/{quote(namespace, safe='')}/pods"
        items = await self._items("resource", path, "get pods.metrics.k8s.io", {"labelSelector": str(selector)})
        return {
            item["metadata"]["name"]: Sample(value, _time(item), _window(item))
            for item in items
            if (value := used_by(item, resource, container)) is not None
        }

    async def of_pods(self, namespace: str, selector: Selector, metric: str, labels: Selector) -> dict[str, Sample]:
        """A custom metric of pods, by the pod's name. `labels`: of the metric."""
        path = f"{self._custom()}/namespaces/{quote(namespace, safe='')}/pods/*/{quote(metric, safe='')}"
        query = {"labelSelector": str(selector), "metricLabelSelector": str(labels)}
        items = await self._items("custom", path, f"get pods.{_CUSTOM} *", query)
        return {item["describedObject"]["name"]: Sample(_milli(item), _time(item), _window(item)) for item in items}

    async def of_object(self, namespace: str, reference: Object, metric: str, labels: Selector) -> int:
        """A custom metric of one object, in thousandths."""
        name = quote(metric, safe="")
        if reference["kind"] == "Namespace" and "/" not in (reference.get("apiVersion") or ""):
            # Nobody looks into other namespaces by naming them.
            path, what = f"{self._custom()}/namespaces/{quote(namespace, safe='')}/metrics/{name}", "namespaces"
        else:
            root = self._custom()
            try:
                found = find_target(self._discovery.surface, reference)
            except UnknownTargetError as error:
                kind = qualified(reference.get("apiVersion", "").rpartition("/")[0], reference["kind"])
                text = f"unable to map kind {kind} to resource: {error}"
                raise MetricError(f"unable to fetch metrics from custom metrics API: {text}") from error
            what = qualified(found.group, found.plural)
            place = f"{root}/namespaces/{quote(namespace, safe='')}/{what}"
            path = f"{place}/{quote(reference['name'], safe='')}/{name}"
        query = {"metricLabelSelector": str(labels)}
        items = await self._items(
            "custom", path, f"get {what}.{_CUSTOM} {reference['name']}", query, empty_allowed=True
        )
        if len(items) != 1:
            text = f"the custom metrics API server returned {len(items)} results when we asked for exactly one"
            raise MetricError(f"unable to fetch metrics from custom metrics API: {text}")
        return _milli(items[0])

    async def external(self, namespace: str, metric: str, labels: Selector) -> list[int]:
        """All values of a metric, in thousandths."""
        path = f"{_EXTERNAL}/namespaces/{quote(namespace, safe='')}/{quote(metric, safe='')}"
        what = f"get {metric}.external.metrics.k8s.io"
        return [_milli(item) for item in await self._items("external", path, what, {"labelSelector": str(labels)})]

    def _custom(self) -> str:
        """Where the API is."""
        served = [each.version for each in self._discovery.surface.resources if each.group == _CUSTOM]
        if not served:
            text = f"no custom metrics API ({_CUSTOM}) registered"
            raise MetricError(f"unable to fetch metrics from custom metrics API: {text}")
        version = next((each for each in served if each in _CUSTOM_VERSIONS), None)
        if version is None:
            raise MetricError(
                "unable to fetch metrics from custom metrics API: no known available metric versions found"
            )
        return f"/apis/{_CUSTOM}/{version}"

    async def _items(
        self, api: str, path: str, what: str, query: dict[str, str], *, empty_allowed: bool = False
    ) -> list[Object]:
        try:
            answer = await self._client.get_path(path, **query)
        except (ApiError, TransportError) as error:
            raise MetricError(f"unable to fetch metrics from {api} metrics API: {_told(error, what)}") from error
        items: list[Object] = (answer or {}).get("items") or []
        if not items and not empty_allowed:
            raise MetricError(f"no metrics returned from {api} metrics API")
        return items


def used_by(item: Object, resource: str, container: str) -> int | None:
    """Of a PodMetrics: what all containers use, or one of them; None if one of those is not told."""
    chosen = [each for each in item.get("containers") or () if container in ("", each["name"])]
    used = [amount for each in chosen if (amount := (each.get("usage") or {}).get(resource)) is not None]
    if not used or len(used) < len(chosen):
        return None
    return sum(parse(amount).milli_value() for amount in used)


def _told(error: ApiError | TransportError, what: str) -> str:
    """What is no Status is told as clients of Go tell it: of a server that does not know the path, or is away."""
    if isinstance(error, NotFound) and not error.details:
        return f"the server could not find the requested resource ({what})"
    if isinstance(error, ServiceUnavailable) and not (error.details or {}).get("causes"):
        return f"the server is currently unable to handle the request ({what})"
    return str(error)


def _milli(item: Object) -> int:
    return parse(item["value"]).milli_value()


def _time(item: Object) -> datetime:
    return datetime.fromisoformat(item["timestamp"])


def _window(item: Object) -> timedelta:
    if "window" in item:
        return timedelta(microseconds=parse_duration(item["window"]) / 1000)
    seconds = item.get("windowSeconds")
    return timedelta(seconds=seconds) if seconds is not None else _WINDOW

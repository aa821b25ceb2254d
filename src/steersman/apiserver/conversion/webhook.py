"""ConversionWebhook: the server that converts the custom resources of one definition, and what is counted of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from steersman.apiserver.conversion.review import CALL, ConversionError, accept, build_review, gvk_text, read_answer
from steersman.apiserver.outbound.hook_client import HookFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from steersman.api.meta.types import Object
    from steersman.apiserver.identifiers import Identifiers
    from steersman.lib.metrics import Registry

TIMEOUT_S: Final = 30.0
_CALL_BUCKETS_S: Final = tuple(0.001 * 2**power for power in range(15))
_REQUEST_BUCKETS_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60)


class Client(Protocol):
    """See outbound.hook_client.HookClient."""

    async def post(self, config: Object, document: Object, *, timeout_s: float) -> bytes:
        """Raises HookFailed."""


class ConversionMetrics:
    """Under upstream's names."""

    def __init__(self, *, registry: Registry, timer: Callable[[], float] = time.perf_counter) -> None:
        self.timer = timer
        labels = ("result", "failure_type")
        self._requests = registry.counter(
            "apiserver_conversion_webhook_request_total", "Requests to conversion webhooks, by outcome.", labels
        )
        self._durations = registry.histogram(
            "apiserver_conversion_webhook_duration_seconds",
            "Time that requests to conversion webhooks take.",
            labels,
            buckets=_REQUEST_BUCKETS_S,
        )
        self._calls = registry.histogram(
            "apiserver_crd_conversion_webhook_duration_seconds",
            "Time that conversions between two versions take.",
            ("crd_name", "from_version", "to_version", "succeeded"),
            buckets=_CALL_BUCKETS_S,
        )

    def observe(self, name: str, versions: tuple[str, str], failure: str | None, seconds: float) -> None:
        """One conversion of the definition `name`; `failure` None: it succeeded."""
        result = ("success", "") if failure is None else ("failure", failure)
        self._requests.labels(*result).inc()
        self._durations.labels(*result).observe(seconds)
        self._calls.labels(name, *versions, "true" if failure is None else "false").observe(seconds)


class ConversionWebhooks:
    """Makes the webhooks of definitions."""

    def __init__(self, *, client: Client, identifiers: Identifiers, metrics: ConversionMetrics) -> None:
        self.client = client
        self.identifiers = identifiers
        self.metrics = metrics

    def of(self, name: str, webhook: Object, versions: Collection[str]) -> ConversionWebhook:
        """Of the definition `name`, whose `spec.conversion.webhook` and apiVersions these are."""
        return ConversionWebhook(name=name, webhook=webhook, versions=versions, parts=self)


class ConversionWebhook:
    """See views.Webhook. Made anew whenever the definition changes."""

    def __init__(self, *, name: str, webhook: Object, versions: Collection[str], parts: ConversionWebhooks) -> None:
        self._name = name
        self._config: Object = webhook.get("clientConfig") or {}
        self._review_versions: Sequence[str] = webhook.get("conversionReviewVersions") or ()
        self._versions = versions
        self._parts = parts

    async def convert(self, objects: Sequence[Object], *, to: str) -> list[Object]:
        """In the apiVersion `to`, in the same order; none is in it yet, and all stay. Raises ConversionError."""
        if to not in self._versions:
            raise ConversionError(f"request to convert CR to an invalid group/version: {to}", CALL)
        for obj in objects:
            if obj["apiVersion"] not in self._versions:
                known = f"request to convert CR from an invalid group/version: {obj['apiVersion']}"
                raise ConversionError(known, CALL)
        metrics = self._parts.metrics
        started, failure = metrics.timer(), None
        try:
            return await self._ask(objects, to)
        except ConversionError as error:
            failure = error.failure
            raise
        finally:
            versions = (objects[0]["apiVersion"].rpartition("/")[2], to.rpartition("/")[2])
            metrics.observe(self._name, versions, failure, metrics.timer() - started)

    async def _ask(self, objects: Sequence[Object], to: str) -> list[Object]:
        uid = self._parts.identifiers.uid()
        review = build_review(objects, to=to, uid=uid, versions=self._review_versions)
        try:
            answer = await self._parts.client.post(self._config, review, timeout_s=TIMEOUT_S)
        except HookFailed as error:
            raise ConversionError(f"conversion webhook for {gvk_text(objects[0])} failed: {error}", CALL) from error
        converted = read_answer(answer, review)
        return [
            accept(original, made, to=to, index=index)
            for index, (original, made) in enumerate(zip(objects, converted, strict=True))
        ]

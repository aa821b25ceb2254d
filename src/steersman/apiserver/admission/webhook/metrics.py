"""What is counted about webhooks, under upstream's names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.lib.metrics import Registry

_DURATIONS_S = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10, 25)
_CONDITIONS_S = (0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25)
_CODE_MAX = 600
"""Greater ones are counted as this: webhooks choose them."""
_CONDITION_LABELS = ("name", "kind", "type", "operation")

CALL_FAILED, INTERNAL, NONE = "calling_webhook_error", "apiserver_internal_error", "no_error"
"""Kinds of errors behind a rejection."""


class WebhookMetrics:
    """The families; `timer` gives seconds."""

    def __init__(self, *, registry: Registry, timer: Callable[[], float] = time.perf_counter) -> None:
        self.timer = timer
        self._durations = registry.histogram(
            "apiserver_admission_webhook_admission_duration_seconds",
            "Time that a webhook took, by name.",
            ("name", "type", "operation", "rejected"),
            buckets=_DURATIONS_S,
        )
        self._requests = registry.counter(
            "apiserver_admission_webhook_request_total",
            "Requests to webhooks, by name and outcome.",
            ("name", "type", "operation", "code", "rejected"),
        )
        self._rejections = registry.counter(
            "apiserver_admission_webhook_rejection_count",
            "Writes refused on account of a webhook, by name and reason.",
            ("name", "type", "operation", "error_type", "rejection_code"),
        )
        self._fail_open = registry.counter(
            "apiserver_admission_webhook_fail_open_count",
            "Writes let through although a webhook failed.",
            ("name", "type"),
        )
        self.condition_errors = registry.counter(
            "apiserver_admission_match_condition_evaluation_errors_total",
            "Match conditions that could not be evaluated.",
            _CONDITION_LABELS,
        )
        self.condition_exclusions = registry.counter(
            "apiserver_admission_match_condition_exclusions_total",
            "Calls that match conditions have spared.",
            _CONDITION_LABELS,
        )
        self.condition_seconds = registry.histogram(
            "apiserver_admission_match_condition_evaluation_seconds",
            "Time that match conditions took.",
            _CONDITION_LABELS,
            buckets=_CONDITIONS_S,
        )

    def asked(self, name: str, step: str, operation: str, *, seconds: float, code: int, rejected: bool) -> None:
        """A webhook was asked; `step`: admit or validating."""
        word = "true" if rejected else "false"
        self._requests.labels(name, step, operation, str(min(code, _CODE_MAX)), word).inc()
        self._durations.labels(name, step, operation, word).observe(seconds)

    def rejected(self, name: str, step: str, operation: str, error: str, code: int) -> None:
        """A write was refused; `error`: one of the kinds above."""
        self._rejections.labels(name, step, operation, error, str(min(code, _CODE_MAX))).inc()

    def failed_open(self, name: str, step: str) -> None:
        """A webhook failed, and that was ignored."""
        self._fail_open.labels(name, step).inc()

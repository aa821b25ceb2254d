"""Which APIServices cannot be asked, in numbers, under upstream's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.lib.metrics import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.apiserver.aggregation.registrations import Registrations
    from steersman.lib.metrics import Registry


class AvailabilityMetrics:
    """A gauge that shows what is, and a counter of what became unavailable."""

    def __init__(self, *, registry: Registry, registrations: Registrations) -> None:
        self._registrations = registrations
        self._available: set[str] = set()
        self._counter = registry.counter(
            "aggregator_unavailable_apiservice_total",
            "How often APIServices became unavailable, by reason.",
            ("name", "reason"),
        )
        registry.collector(
            "aggregator_unavailable_apiservice",
            "1 for each APIService that is unavailable, 0 for the others.",
            ("name",),
            self._collect,
            kind="gauge",
        )
        registrations.listen(self._note)

    def _collect(self) -> Iterable[Sample]:
        for name, registration in sorted(self._registrations.all().items()):
            yield Sample((name,), 0 if registration.available else 1)

    def _note(self, name: str) -> None:
        registration = self._registrations.get(name)
        if registration is not None and registration.available:
            self._available.add(name)
        elif name in self._available:
            self._available.discard(name)
            if registration is not None:
                self._counter.labels(name, registration.reason or "UnknownReason").inc()

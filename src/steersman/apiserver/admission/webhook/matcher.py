"""Matcher: whether a webhook whose rules match is asked about this very object: selectors, then conditions.

Reads: namespaces. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.namespace import NAMESPACES
from steersman.api.errors import Forbidden, InternalError, NotFound
from steersman.apiserver.admission.interface import CREATE, UPDATE
from steersman.apiserver.admission.webhook.admission_review import admission_request
from steersman.apiserver.admission.webhook.match_conditions import ConditionError, Variables

if TYPE_CHECKING:
    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review
    from steersman.apiserver.admission.webhook.match_conditions import MatchConditions
    from steersman.apiserver.admission.webhook.metrics import WebhookMetrics
    from steersman.apiserver.admission.webhook.source import Candidate
    from steersman.apiserver.admission.webhook.versioned import Versioned


class Matcher:
    """For one kind of configurations; `step` is its name in metrics."""

    def __init__(self, *, reader: Reader, conditions: MatchConditions, metrics: WebhookMetrics, step: str) -> None:
        self._reader = reader
        self._conditions = conditions
        self._metrics = metrics
        self._step = step

    async def wants(self, candidate: Candidate, review: Review, forms: Versioned) -> bool:
        """Raises NotFound (of the namespace), InternalError (a broken selector), Forbidden (conditions that fail)."""
        hook = candidate.hook
        obj, old = forms.latest, review.old
        try:
            namespace_matches = self._namespace_matches(hook.namespaces, review, obj)
        except NotFound:
            # What is not selected by the object is let through; only then the namespace has to be there.
            if not _object_matches(hook.objects, obj, old):
                return False
            raise
        if not namespace_matches or not _object_matches(hook.objects, obj, old):
            return False
        return not hook.conditions or await self._conditions_hold(candidate, review, forms)

    def _namespace_matches(self, selector: Selector | str, review: Review, obj: Object | None) -> bool:
        about_namespace = review.resource is NAMESPACES
        if not review.namespace and not about_namespace:
            return True  # nothing that has no namespace is exempted by one
        chosen = _selector(selector)
        if not chosen.requirements and not chosen.nothing:
            return True
        if about_namespace and review.is_main and review.operation in (CREATE, UPDATE):
            return chosen.matches(_labels(obj))  # the cache does not know the latest labels yet
        name = review.name if about_namespace else review.namespace
        namespace = self._reader.get(NAMESPACES, "", name)
        if namespace is None:
            raise NotFound.of("", "namespaces", name)
        return chosen.matches(_labels(namespace))

    async def _conditions_hold(self, candidate: Candidate, review: Review, forms: Versioned) -> bool:
        hook = candidate.hook
        obj, old = await forms.in_version(candidate.served)
        request = admission_request(review, candidate.served, obj, old, uid="")
        for bulky in ("object", "oldObject"):
            del request[bulky]
        labels = (hook.name, "webhook", self._step, review.operation)
        started = self._metrics.timer()
        try:
            holds = self._conditions.hold(hook.conditions, Variables(obj, old, request, review.user))
        except ConditionError as error:
            self._metrics.condition_errors.labels(*labels).inc()
            if hook.ignores_failure:
                return False
            resource = review.resource
            raise Forbidden.of(resource.group, resource.plural, review.name, str(error)) from None
        finally:
            self._metrics.condition_seconds.labels(*labels).observe(self._metrics.timer() - started)
        if not holds:
            self._metrics.condition_exclusions.labels(*labels).inc()
        return holds


def _object_matches(selector: Selector | str, obj: Object | None, old: Object | None) -> bool:
    """The object as it is to be, or as it was: taking a label away is no way around a webhook."""
    chosen = _selector(selector)
    if not chosen.requirements and not chosen.nothing:
        return True
    return any(chosen.matches(_labels(each)) for each in (obj, old) if each is not None)


def _selector(selector: Selector | str) -> Selector:
    if isinstance(selector, str):
        raise InternalError.of(selector)
    return selector


def _labels(obj: Object | None) -> dict[str, str]:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}

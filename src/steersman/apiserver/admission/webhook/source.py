"""HookSource: the webhooks that a kind of request may concern, from the configurations as they are now.

Reads: mutating or validating webhook configurations (from the watch cache, at every request: a change counts at once).
Invariants: the configurations themselves are never shown to a webhook, nor are the policies beside them, or nobody
could mend a webhook that refuses everything; nor are reviews, or nobody could be told who he is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from steersman.api.errors import NotFound
from steersman.apiserver.admission.webhook.equivalents import equivalents
from steersman.apiserver.admission.webhook.hooks import Hook, compile_hooks
from steersman.apiserver.admission.webhook.rules import Place

if TYPE_CHECKING:
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader, Review
    from steersman.apiserver.resources import ResourceTable, Served

_EXEMPT_GROUP: Final = "admissionregistration.k8s.io"
_EXEMPT: Final = frozenset(
    {
        ("authentication.k8s.io", "selfsubjectreviews"),
        ("authentication.k8s.io", "tokenreviews"),
        ("authorization.k8s.io", "localsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectrulesreviews"),
        ("authorization.k8s.io", "subjectaccessreviews"),
    }
)


class Candidate(NamedTuple):
    """A webhook whose rules match, and the version in which it wants to see the object."""

    hook: Hook
    served: Served


class HookSource:
    """Of one kind of configurations."""

    def __init__(self, *, reader: Reader, resources: ResourceTable, configurations: Resource) -> None:
        self._reader = reader
        self._resources = resources
        self._configurations = configurations
        self._version = -1
        self._table = -1
        self._hooks: tuple[Hook, ...] = ()
        self._known: dict[tuple[Resource, str, str], tuple[Candidate, ...]] = {}

    def candidates(self, review: Review) -> tuple[Candidate, ...]:
        """In the order in which they are asked; selectors and conditions are still to be looked at. Raises NotFound."""
        if self._version != self._reader.version(self._configurations):
            self._version = self._reader.version(self._configurations)
            self._hooks = compile_hooks(self._reader.list(self._configurations))
            self._known = {}
        if not self._hooks:
            return ()
        if self._table != self._resources.version:
            self._table = self._resources.version
            self._known = {}
        key = (review.resource, review.subresource, review.operation)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = tuple(self._find(*key))
        return known

    def _find(self, resource: Resource, subresource: str, operation: str) -> list[Candidate]:
        if resource.group == _EXEMPT_GROUP or (resource.group, resource.plural) in _EXEMPT:
            return []
        here = Place.of(resource, subresource, operation)
        own = self._resources.find(resource.group, resource.version, resource.plural)
        if own is None:  # the definition of a custom resource went away while it was being written
            raise NotFound.of(resource.group, resource.plural, "")
        others = [
            (Place.of(served.resource, subresource, operation), served)
            for served in equivalents(self._resources, resource, subresource)
        ]
        found = []
        for hook in self._hooks:
            served = own if any(rule.matches(here) for rule in hook.rules) else None
            if served is None and hook.equivalent:
                # Earlier rules are honored first, whatever version they name.
                matching = (other for rule in hook.rules for place, other in others if rule.matches(place))
                served = next(matching, None)
            if served is not None:
                found.append(Candidate(hook, served))
        return found

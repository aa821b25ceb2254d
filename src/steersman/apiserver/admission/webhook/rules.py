"""Which requests a rule of a configuration is for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource

_ANY = "*"


class Place(NamedTuple):
    """What a request is about, as far as rules look at it."""

    group: str
    version: str
    plural: str
    subresource: str
    operation: str
    namespaced: bool
    """It is about something in a namespace; a namespace itself is not."""

    @classmethod
    def of(cls, resource: Resource, subresource: str, operation: str) -> Place:
        return cls(resource.group, resource.version, resource.plural, subresource, operation, resource.namespaced)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a webhook."""

    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: tuple[tuple[str, str], ...]
    """(resource, subresource); no subresource is the resource itself."""
    scope: str = _ANY

    def matches(self, place: Place) -> bool:
        return (
            _has(self.operations, place.operation)
            and _has(self.groups, place.group)
            and _has(self.versions, place.version)
            and self.scope in (_ANY, "Namespaced" if place.namespaced else "Cluster")
            and any(
                resource in (_ANY, place.plural) and subresource in (_ANY, place.subresource)
                for resource, subresource in self.resources
            )
        )


def compile_rule(rule: Object) -> Rule:
    """From a RuleWithOperations; a scope left out is any."""
    split = (text.partition("/") for text in rule.get("resources") or ())
    return Rule(
        operations=frozenset(rule.get("operations") or ()),
        groups=frozenset(rule.get("apiGroups") or ()),
        versions=frozenset(rule.get("apiVersions") or ()),
        resources=tuple((resource, subresource) for resource, _, subresource in split),
        scope=rule.get("scope") or _ANY,
    )


def _has(words: frozenset[str], word: str) -> bool:
    return _ANY in words or word in words

"""Policy rules: compiled for matching, and compared with one another. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import go_quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

FULL_AUTHORITY: tuple[Object, ...] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)


class CompiledRule:
    """One rbac.authorization.k8s.io/v1 PolicyRule, as sets."""

    __slots__ = ("groups", "names", "prefixes", "resources", "rule", "urls", "verbs")

    def __init__(self, rule: Object) -> None:
        self.rule = rule
        self.verbs = frozenset(rule.get("verbs") or ())
        self.groups = frozenset(rule.get("apiGroups") or ())
        self.resources = frozenset(rule.get("resources") or ())
        self.names = frozenset(rule.get("resourceNames") or ())
        self.urls = frozenset(rule.get("nonResourceURLs") or ())
        self.prefixes = tuple(url.rstrip("*") for url in rule.get("nonResourceURLs") or () if url.endswith("*"))

    def matches_resource(self, verb: str, group: str, resource: str, subresource: str) -> bool:
        """Whether it speaks of this resource, whatever the object's name."""
        if verb not in self.verbs and "*" not in self.verbs:
            return False
        if group not in self.groups and "*" not in self.groups:
            return False
        resources = self.resources
        if "*" in resources:
            return True
        if not subresource:
            return resource in resources
        return f"{resource}/{subresource}" in resources or f"*/{subresource}" in resources

    def matches_path(self, verb: str, path: str) -> bool:
        if verb not in self.verbs and "*" not in self.verbs:
            return False
        return path in self.urls or any(path.startswith(prefix) for prefix in self.prefixes)


def compile_rules(role: Object) -> tuple[CompiledRule, ...]:
    return tuple(CompiledRule(rule) for rule in role.get("rules") or ())


def covers(owner_rules: Iterable[Object], wanted_rules: Iterable[Object]) -> list[Object]:
    """The atomic parts (one verb, group, resource, name) of `wanted_rules` that no rule of `owner_rules` covers."""
    owners = [CompiledRule(rule) for rule in owner_rules]
    return [part for rule in wanted_rules for part in break_down(rule) if not any(_covers(o, part) for o in owners)]


def break_down(rule: Object) -> Iterable[Object]:
    """The rule as rules of one verb, one group, one resource and at most one name, or of one verb and one URL."""
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in rule.get("verbs") or ():
                part: Object = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                names = rule.get("resourceNames")
                if not names:
                    yield part
                for name in names or ():
                    yield {**part, "resourceNames": [name]}
    for url in rule.get("nonResourceURLs") or ():
        for verb in rule.get("verbs") or ():
            yield {"nonResourceURLs": [url], "verbs": [verb]}


def _covers(owner: CompiledRule, part: Object) -> bool:
    """Whether one whole rule covers one atomic part."""
    if part["verbs"][0] not in owner.verbs and "*" not in owner.verbs:
        return False
    if "nonResourceURLs" in part:
        url = part["nonResourceURLs"][0]
        # Upstream compares the resource half as well: a part without names is covered by rules without names only.
        return not owner.names and (url in owner.urls or any(url.startswith(prefix) for prefix in owner.prefixes))
    if part["apiGroups"][0] not in owner.groups and "*" not in owner.groups:
        return False
    resource = part["resources"][0]
    if resource not in owner.resources and "*" not in owner.resources:
        _, separator, subresource = resource.partition("/")
        if not separator or f"*/{subresource}" not in owner.resources:
            return False
    if not owner.names:
        return True
    return any(name in owner.names for name in part.get("resourceNames") or ())


def compact(parts: Iterable[Object]) -> list[Object]:
    """Atomic parts that differ by their verb only, joined again."""
    joined: dict[tuple[Any, ...], Object] = {}
    others: list[Object] = []
    for part in parts:
        if "nonResourceURLs" in part:
            others.append(part)
            continue
        key = (part["apiGroups"][0], part["resources"][0], tuple(part.get("resourceNames") or ()))
        if key in joined:
            joined[key]["verbs"].extend(part["verbs"])
        else:
            joined[key] = {**part, "verbs": list(part["verbs"])}
    return [*others, *joined.values()]


def describe(rule: Object) -> str:
    """`{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`: the Go syntax of upstream's messages."""
    parts = []
    for label, field in (
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("ResourceNames", "resourceNames"),
        ("Verbs", "verbs"),
    ):
        values = rule.get(field)
        if values:
            parts.append(f"{label}:{go_list(values)}")
    return "{" + ", ".join(parts) + "}"


def go_list(values: Iterable[str]) -> str:
    """Go's %q of a list of strings."""
    return "[" + " ".join(go_quote(value) for value in values) + "]"

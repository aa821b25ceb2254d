"""Behaviours from a file: YAML, checked when it is read. docs/hollow-nodes.md is its manual.

jobs_complete: false
pods:
- match: {namespace: shop-*, labels: {app: web}, image: "*:broken"}
exit: 1 after 5s
nodes:
- match: {zone: zone-a}
partition: after 10m for 2m
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import yaml

from steersman.kubelet.hollow.behaviours import FAIL, PARTITION, Behaviours, NodeEvent, PodMatch, PodRule
from steersman.kubelet.hollow.settings import ORDINARY, SETTINGS, SettingError, parse_span, set_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_EVENT = re.compile(r"after (?P<after>\S+)(?: for (?P<span>\S+))?(?: every (?P<every>\S+))?\Z")
_POD_FIELDS = tuple(field.name for field in fields(PodMatch))
_NODE_FIELDS = ("name", "zone")


class RulesError(ValueError):
    """What is wrong in a file, where, and what would be right."""


def parse_behaviours(text: str) -> Behaviours:
    """Raises RulesError."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RulesError(" ".join(str(error).split())) from None
    content = _mapping({} if content is None else content, "", ("pods", "nodes", "jobs_complete"))
    jobs_complete = content.get("jobs_complete", True)
    if not isinstance(jobs_complete, bool):
        raise RulesError(f"jobs_complete: {jobs_complete!r} is neither true nor false")
    rules = [_pod_rule(rule, f"pods[{n}]") for n, rule in enumerate(_list(content.get("pods"), "pods"))]
    events: list[NodeEvent] = []
    for n, rule in enumerate(_list(content.get("nodes"), "nodes")):
        events += _node_events(rule, f"nodes[{n}]")
    return Behaviours(rules=tuple(rules), nodes=tuple(events), jobs_complete=jobs_complete)


def _pod_rule(rule: Any, path: str) -> PodRule:
    rule = _mapping(rule, path, ("match", *SETTINGS))
    settings = tuple((name, str(value)) for name, value in rule.items() if name != "match")
    for name, value in settings:
        try:
            set_one(ORDINARY, name, value)
        except SettingError as error:
            raise RulesError(f"{path}.{name}: {error}") from None
    match = _mapping(rule.get("match") or {}, f"{path}.match", _POD_FIELDS)
    labels = _mapping(match.pop("labels", None) or {}, f"{path}.match.labels", None)
    texts = {name: str(value) for name, value in match.items()}
    return PodRule(PodMatch(labels={str(key): str(value) for key, value in labels.items()}, **texts), settings)


def _node_events(rule: Any, path: str) -> Iterable[NodeEvent]:
    rule = _mapping(rule, path, ("match", FAIL, PARTITION))
    match = _mapping(rule.get("match") or {}, f"{path}.match", _NODE_FIELDS)
    for kind in (FAIL, PARTITION):
        if kind not in rule:
            continue
        found = _EVENT.match(" ".join(str(rule[kind]).split()))
        if found is None:
            raise RulesError(f"{path}.{kind}: {rule[kind]!r}: write `after 10m`, perhaps with `for 2m` and `every 1h`")
        try:
            after = parse_span(found["after"])
            span = parse_span(found["span"]) if found["span"] else None
            every = parse_span(found["every"]) if found["every"] else None
        except SettingError as error:
            raise RulesError(f"{path}.{kind}: {error}") from None
        if every is not None and not every.low_s:
            raise RulesError(f"{path}.{kind}: `every` needs a time that is not 0")
        texts = {name: str(value) for name, value in match.items()}
        yield NodeEvent(kind=kind, after=after, span=span, every=every, **texts)


def _mapping(value: Any, path: str, known: Iterable[str] | None) -> dict[str, Any]:
    """A copy. `known`: what its keys may be; None for any."""
    where = f"{path}: " if path else ""
    if not isinstance(value, dict):
        raise RulesError(f"{where}{value!r} is no mapping of names to values")
    if known is not None:
        unknown = sorted(str(name) for name in value if name not in known)
        if unknown:
            raise RulesError(f"{where}there is no {', '.join(map(repr, unknown))}; there are {', '.join(known)}")
    mapping: Mapping[str, Any] = value
    return dict(mapping)


def _list(value: Any, path: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RulesError(f"{path}: {value!r} is no list of rules")
    return value

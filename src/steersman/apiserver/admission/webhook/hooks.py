"""Hook: one webhook of one configuration, compiled. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.meta.label_selector import compile_selector
from steersman.apiserver.admission.webhook.rules import Rule, compile_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object

REVIEW_VERSIONS = ("v1", "v1beta1")
_TIMEOUT_S = 10
_SAFE_SIDE_EFFECTS = frozenset({"None", "NoneOnDryRun"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What a configuration says about one webhook."""

    uid: str
    """`configuration/name/n`: unlike the name, it is unique."""
    configuration: str
    name: str
    client: Object
    """The clientConfig; read-only."""
    rules: tuple[Rule, ...]
    equivalent: bool
    """Rules also match requests for other versions of what they name."""
    ignores_failure: bool
    takes_dry_runs: bool
    timeout_s: int
    reinvocable: bool
    review_version: str
    """The first that we know of those that it knows; empty if there is none."""
    namespaces: Selector | str
    """A text: why there is none."""
    objects: Selector | str
    conditions: tuple[tuple[str, str], ...] = ()
    """matchConditions: (name, expression)."""


def compile_hooks(configurations: Iterable[Object]) -> tuple[Hook, ...]:
    """In the order in which they are asked: configurations by name, webhooks as they are listed."""
    hooks: list[Hook] = []
    for configuration in sorted(configurations, key=lambda obj: str(obj["metadata"]["name"])):
        met: dict[str, int] = {}
        for webhook in configuration.get("webhooks") or ():
            name = webhook.get("name") or ""
            hooks.append(_hook(configuration["metadata"]["name"], webhook, met.get(name, 0)))
            met[name] = met.get(name, 0) + 1
    return tuple(hooks)


def _hook(configuration: str, webhook: Object, number: int) -> Hook:
    name = webhook.get("name") or ""
    known = (version for version in webhook.get("admissionReviewVersions") or () if version in REVIEW_VERSIONS)
    return Hook(
        uid=f"{configuration}/{name}/{number}",
        configuration=configuration,
        name=name,
        client=webhook.get("clientConfig") or {},
        rules=tuple(compile_rule(rule) for rule in webhook.get("rules") or ()),
        equivalent=webhook.get("matchPolicy") == "Equivalent",
        ignores_failure=webhook.get("failurePolicy") == "Ignore",
        takes_dry_runs=webhook.get("sideEffects") in _SAFE_SIDE_EFFECTS,
        timeout_s=webhook.get("timeoutSeconds") or _TIMEOUT_S,
        reinvocable=webhook.get("reinvocationPolicy") == "IfNeeded",
        review_version=next(known, ""),
        namespaces=_selector(webhook.get("namespaceSelector")),
        objects=_selector(webhook.get("objectSelector")),
        conditions=tuple(
            (condition.get("name") or "", condition.get("expression") or "")
            for condition in webhook.get("matchConditions") or ()
        ),
    )


def _selector(selector: Object | None) -> Selector | str:
    try:
        return compile_selector(selector)
    except ValueError as error:
        return str(error)

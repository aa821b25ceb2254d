"""target: which resource an autoscaler means, and how group and kind are told of. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.discovery import Served, Surface


class UnknownTargetError(Exception):
    """Nothing of this kind is served; the message says so as upstream does."""


def find_target(surface: Surface, reference: Object) -> Served:
    """Of a CrossVersionObjectReference: of its group and kind, in the preferred version. Raises UnknownTargetError."""
    group, kind = group_of(reference.get("apiVersion") or ""), reference["kind"]
    found = next((each for each in surface.resources if (each.group, each.kind) == (group, kind)), None)
    if found is None:
        raise UnknownTargetError(f'no matches for kind "{kind}" in group "{group}"')
    return found


def group_of(api_version: str) -> str:
    """Raises UnknownTargetError for what is no group and version."""
    if api_version.count("/") > 1:
        raise UnknownTargetError(f"unexpected GroupVersion string: {api_version}")
    group, slash, _version = api_version.rpartition("/")
    return group if slash else ""


def shown_selector(selector: Object | None) -> str:
    """A LabelSelector as Go prints it, in the names that metrics are told by."""
    if selector is None:
        return "nil"
    labels = "".join(f"{name}: {value}," for name, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{each.get('key', '')},Operator:{each.get('operator', '')},"
        f"Values:[{' '.join(each.get('values') or ())}],}},"
        for each in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )

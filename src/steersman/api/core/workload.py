"""What all kinds with a pod template share: the template's place in their strategies and columns, and the small rules
about selectors and counters that their validation is made of.

Wording and order are upstream's (pkg/apis/{core,apps,batch}/validation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import at, joined
from steersman.api.core.go_types import render
from steersman.api.core.podspec.gates import drop_disabled_from_template
from steersman.api.core.podspec.warnings import template_warnings
from steersman.api.errors import FieldError, forbidden, go_quote, invalid, not_supported, required
from steersman.api.meta.label_selector import compile_selector, is_empty, validate_selector
from steersman.api.meta.names import dns1123_label
from steersman.api.meta.object_meta import IMMUTABLE, nonnegative
from steersman.api.resource import Column, Context, Scale, Subresource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object

NOT_MATCHING = "`selector` does not match template `labels`"
MORE_THAN_REPLICAS = "cannot be greater than status.replicas"


def template_of(obj: Object) -> Object:
    """`spec.template`, empty if there is none."""
    return at(obj, "spec", "template") or {}


def labels_of(template: Object) -> dict[str, str] | None:
    labels: dict[str, str] | None = at(template, "metadata", "labels")
    return labels


# -- strategies


def prepare_template_create(*counters: str) -> Callable[[Object, Context], None]:
    """A new object's status is empty but for `counters`, which are always told; its template has no fields of features
    that are off.
    """

    def prepare(obj: Object, _ctx: Context) -> None:
        obj["status"] = dict.fromkeys(counters, 0)
        drop_disabled_from_template(at(obj, "spec", "template"), None)

    return prepare


def prepare_template_update(new: Object, old: Object, _ctx: Context) -> None:
    drop_disabled_from_template(at(new, "spec", "template"), at(old, "spec", "template"))


def scale_subresource(scale: Scale | None = None) -> Subresource:
    """The autoscaling/v1 Scale of a workload."""
    return Subresource(
        name="scale",
        verbs=("get", "patch", "update"),
        group="autoscaling",
        version="v1",
        kind="Scale",
        scale=scale or Scale(),
    )


def replicas_warnings(new: Object, old: Object | None) -> list[str]:
    """Of what runs interchangeable pods: about the name once, about the template whenever the spec changes."""
    if old is None:
        return name_warnings(new) + template_warnings(template_of(new), "spec.template")
    if new["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    return template_warnings(template_of(new), "spec.template")


def name_warnings(obj: Object) -> list[str]:
    """The object's name becomes part of pod names, which are host names."""
    name = obj["metadata"].get("name") or ""
    if messages := dns1123_label(name):
        why = "this is used in Pod names and hostnames, which can result in surprising behavior"
        return [f"metadata.name: {why}; a DNS label is recommended: [{' '.join(messages)}]"]
    return []


# -- validation


def check_counters(holder: Object, path: str, names: Iterable[str]) -> list[FieldError]:
    """None of these fields is negative."""
    errors: list[FieldError] = []
    for name in names:
        if (value := holder.get(name)) is not None:
            errors += nonnegative(value, f"{path}.{name}")
    return errors


def check_replica_counts(status: Object, counted: Iterable[str], *, ready: str = "readyReplicas") -> list[FieldError]:
    """`counted` are parts of all replicas; those available are a part of those ready, which messages call `ready`."""
    total = status.get("replicas") or 0
    errors = [
        invalid(f"status.{name}", status[name], MORE_THAN_REPLICAS)
        for name in counted
        if (status.get(name) or 0) > total
    ]
    available = status.get("availableReplicas") or 0
    if available > (status.get("readyReplicas") or 0):
        errors.append(invalid("status.availableReplicas", available, f"cannot be greater than {ready}"))
    return errors


def check_collisions(new: Object, old: Object) -> list[FieldError]:
    """The collision count only rises."""
    before, now = at(old, "status", "collisionCount"), at(new, "status", "collisionCount")
    if before is not None and (now is None or now < before):
        return [invalid("status.collisionCount", now or 0, "cannot be decremented")]
    return []


def check_selector_stays(new: Object, old: Object) -> list[FieldError]:
    selector = at(new, "spec", "selector")
    if selector == at(old, "spec", "selector"):
        return []
    return [invalid("spec.selector", shown_selector(selector), IMMUTABLE)]


def shown_selector(selector: Object | None) -> Object | None:
    """A label selector as messages print it."""
    return None if selector is None else render("LabelSelector", selector)


def check_selector(selector: Object | None, path: str, kind: str) -> list[FieldError]:
    """A selector that must be there, and select something in particular; `kind` as upstream spells it."""
    if selector is None:
        return [required(path)]
    errors = validate_selector(selector, path)
    if is_empty(selector):
        errors.append(invalid(path, shown_selector(selector), f"empty selector is invalid for {kind}"))
    return errors


def compiled(selector: Object | None) -> Selector | None:
    """None if it is invalid."""
    try:
        return compile_selector(selector)
    except ValueError:
        return None


def check_matches(selector: Selector, template: Object, path: str) -> list[FieldError]:
    """The selector chooses the pods that the template at `path` makes."""
    labels = labels_of(template)
    if selector.matches(labels or {}):
        return []
    return [invalid(f"{path}.metadata.labels", labels and {key: labels[key] for key in sorted(labels)}, NOT_MATCHING)]


def check_always_restarts(template: Object, path: str, kind: str) -> list[FieldError]:
    """Pods of `kind` (named in the message) run for ever."""
    errors: list[FieldError] = []
    policy = at(template, "spec", "restartPolicy", default="")
    if policy != "Always":
        errors.append(not_supported(f"{path}.spec.restartPolicy", policy, ("Always",)))
    if at(template, "spec", "activeDeadlineSeconds") is not None:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        errors.append(forbidden(f"{path}.spec.activeDeadlineSeconds", detail))
    return errors


def valid_values(values: Iterable[str]) -> str:
    """A list as upstream's details print it: `valid values: ["A" "B"]`."""
    return f"valid values: [{' '.join(map(go_quote, values))}]"


# -- columns


def container_columns(
    selector: Callable[[Object], str] | None = None, *, template: Callable[[Object], Object] = template_of
) -> tuple[Column, ...]:
    """Containers, Images and Selector, which only wide tables show."""

    def cells(field: str) -> Callable[[Object, datetime], str]:
        return lambda obj, _now: container_cell(template(obj), field)

    columns = (
        Column("Containers", "string", cells("name"), priority=1),
        Column("Images", "string", cells("image"), priority=1),
    )
    if selector is None:
        return columns
    return (*columns, Column("Selector", "string", lambda obj, _now: selector(obj), priority=1))


def container_cell(template: Object, field: str) -> str:
    containers = at(template, "spec", "containers", default=[])
    return joined([container.get(field) or "" for container in containers], none="")


def selector_cell(selector: Object | None) -> str:
    """Upstream's FormatLabelSelector: `<none>` for one that chooses nothing in particular, `<error>` for an invalid."""
    chosen = compiled(selector)
    if chosen is None:
        return "<error>"
    return str(chosen) or "<none>"


def selector_of(obj: Object) -> str:
    """`selector_cell` of the object's own selector."""
    return selector_cell(at(obj, "spec", "selector"))


def ready_of_replicas(obj: Object, _now: datetime) -> str:
    """The cell of `kubectl get`: 1/3."""
    return f"{at(obj, 'status', 'readyReplicas', default=0)}/{at(obj, 'spec', 'replicas', default=0)}"


def number(*path: str) -> Callable[[Object, datetime], int]:
    """A cell that counts; a missing field is 0."""
    return lambda obj, _now: at(obj, *path, default=0)

"""Event: something that happened to an object. Stored once, served as core/v1 and as events.k8s.io/v1.

Invariants: an event and the object that it is about share their namespace; it disappears an hour after it was last
written; events of the newer kind (those with eventTime) say who reports them, about what action and why. Upstream
differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.age import translate_timestamp_since
from steersman.api.meta.names import name_is_path_segment, qualified_name
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

TTL_S = 3600
INSTANCE_MAX, ACTION_MAX, REASON_MAX, NOTE_MAX = 128, 128, 128, 1024


def validate_event(obj: Object, *, controller_field: str = "reportingComponent") -> list[FieldError]:
    """What both served versions demand; `obj` in the stored form, `controller_field` as the version calls it."""
    namespace, about = obj["metadata"].get("namespace", ""), at(obj, "involvedObject", "namespace", default="")
    mismatch = [invalid("involvedObject.namespace", about, "does not match event.namespace")]
    if not obj.get("eventTime"):
        fits = namespace in ("", "default") if not about else about == namespace
        return [] if fits else mismatch
    errors = mismatch if not about and namespace not in ("default", "kube-system") else []
    controller = obj.get("reportingComponent", "")
    if not controller:
        errors.append(required(controller_field))
    errors += [invalid(controller_field, controller, message) for message in qualified_name(controller)]
    for field, limit in (("reportingInstance", INSTANCE_MAX), ("action", ACTION_MAX), ("reason", REASON_MAX)):
        value = obj.get(field) or ""
        if not value:
            errors.append(required(field))
        if len(value.encode()) > limit:
            errors.append(invalid(field, "", f"can have at most {limit} characters"))
    if len((obj.get("message") or "").encode()) > NOTE_MAX:
        errors.append(invalid("message", "", f"can have at most {NOTE_MAX} characters"))
    return errors


# -- columns


def _first_seen(obj: Object, now: datetime) -> str:
    return translate_timestamp_since(obj.get("firstTimestamp") or obj.get("eventTime"), now)


def _last_seen(obj: Object, now: datetime) -> str:
    if obj.get("series") is not None:
        return translate_timestamp_since(at(obj, "series", "lastObservedTime"), now)
    if obj.get("lastTimestamp"):
        return translate_timestamp_since(obj["lastTimestamp"], now)
    return _first_seen(obj, now)


def _count(obj: Object, _now: datetime) -> int:
    if obj.get("series") is not None:
        return int(at(obj, "series", "count", default=0))
    return int(obj.get("count") or 1)


def _object(obj: Object, _now: datetime) -> str:
    kind, name = at(obj, "involvedObject", "kind", default="").lower(), at(obj, "involvedObject", "name", default="")
    return f"{kind}/{name}" if name else str(kind)


def _source(obj: Object, _now: datetime) -> str:
    component = at(obj, "source", "component") or obj.get("reportingComponent") or ""
    instance = at(obj, "source", "host") or obj.get("reportingInstance") or ""
    return f"{component}, {instance}" if instance else component


COLUMNS = (
    Column("Last Seen", "string", _last_seen),
    Column("Type", "string", lambda obj, _now: obj.get("type", "")),
    Column("Reason", "string", lambda obj, _now: obj.get("reason", "")),
    Column("Object", "string", _object),
    Column("Subobject", "string", lambda obj, _now: at(obj, "involvedObject", "fieldPath", default=""), priority=1),
    Column("Source", "string", _source, priority=1),
    Column("Message", "string", lambda obj, _now: (obj.get("message") or "").strip()),
    Column("First Seen", "string", _first_seen, priority=1),
    Column("Count", "string", _count, priority=1),
    Column("Name", "string", lambda obj, _now: obj["metadata"]["name"], format="name", priority=1),
)


def _about(field: str) -> tuple[str, Callable[[Object], str]]:
    return f"involvedObject.{field}", lambda obj: at(obj, "involvedObject", field, default="")


def _validate_update(new: Object, _old: Object) -> list[FieldError]:
    return validate_event(new)


EVENTS = Resource(
    group="",
    version="v1",
    kind="Event",
    plural="events",
    singular="event",
    short_names=("ev",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Event"),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        validate=validate_event,
        validate_update=_validate_update,
        allow_create_on_update=True,
        ttl_s=TTL_S,
        default_propagation_policy="Unsupported",
    ),
    columns=COLUMNS,
    selectable=(
        *(_about(f) for f in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")),
        ("reason", lambda obj: obj.get("reason") or ""),
        ("reportingComponent", lambda obj: obj.get("reportingComponent") or ""),
        ("source", lambda obj: at(obj, "source", "component") or obj.get("reportingComponent") or ""),
        ("type", lambda obj: obj.get("type") or ""),
    ),
    unknown_selector="field label not supported: {}",
)

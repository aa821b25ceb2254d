"""Event (events.k8s.io): the same events as core/v1's, under newer field names and stricter rules for who writes them
here.

Invariants: what is written here has eventTime and none of the deprecated fields, and of what is there only the series
may change. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.core.event import COLUMNS, EVENTS, validate_event
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.names import name_is_dns_subdomain
from steersman.api.meta.object_meta import immutable
from steersman.api.resource import Column, Conversion, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema, type_of
from steersman.api.schema.decode import decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

_NAMES = (
    # here, stored
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
)
_HERE, _STORED = "io.k8s.api.events.v1.Event", "io.k8s.api.core.v1.Event"
_UNSET = ("firstTimestamp", "lastTimestamp", "count", "source")
_FIXED: tuple[tuple[str, str], ...] = (
    ("involvedObject", "involvedObject"),
    ("reason", "reason"),
    ("message", "message"),
    ("source", "source"),
    ("firstTimestamp", "firstTimestamp"),
    ("lastTimestamp", "lastTimestamp"),
    ("count", "count"),
    ("reason", "reason"),
    ("type", "type"),
    ("eventTime", "eventTime"),
    ("action", "action"),
    ("related", "related"),
    ("reportingComponent", "reportingController"),
    ("reportingInstance", "reportingInstance"),
)
"""Stored field, and what messages call it."""


def _renamed(obj: Object, names: dict[str, str], definition: str) -> None:
    """In place: the fields' other names, and the other version's normal form."""
    moved = {names.get(name, name): value for name, value in obj.items()}
    obj.clear()
    obj |= decode(type_of(definition), moved).object


def _to_stored(obj: Object) -> None:
    _renamed(obj, dict(_NAMES), _STORED)


def _from_stored(obj: Object) -> None:
    _renamed(obj, {stored: here for here, stored in _NAMES}, _HERE)


def _series_errors(obj: Object) -> list[FieldError]:
    series = obj.get("series")
    if series is None:
        return []
    errors: list[FieldError] = []
    if series.get("count", 0) < 2:
        errors.append(invalid("series.count", "", "should be at least 2"))
    if not series.get("lastObservedTime"):
        errors.append(required("series.lastObservedTime"))
    return errors


def _validate(obj: Object) -> list[FieldError]:
    """`obj` in the stored form."""
    errors = validate_event(obj, controller_field="reportingController")
    name = obj["metadata"].get("name", "")
    errors += [invalid("metadata.name", name, message) for message in (name_is_dns_subdomain(name) if name else ())]
    errors += _series_errors(obj)
    if not obj.get("eventTime"):
        errors.append(required("eventTime"))
    if obj.get("type") not in ("Normal", "Warning"):
        errors.append(invalid("type", "", f"has invalid value: {obj.get('type') or ''}"))
    return errors + [invalid(field, "", "needs to be unset") for field in _UNSET if obj.get(field)]


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = validate_event(new, controller_field="reportingController")
    if new.get("series") != old.get("series"):
        errors += _series_errors(new)
    for field, shown in _FIXED:
        errors += immutable(new.get(field), old.get(field), shown)
    return errors


def _stored_cell(value: Callable[[Object, datetime], Any]) -> Callable[[Object, datetime], Any]:
    """A column of the stored form, of an object in this version."""

    def cell(obj: Object, now: datetime) -> Any:
        names = dict(_NAMES)
        return value({names.get(name, name): member for name, member in obj.items()}, now)

    return cell


EVENTS_V1 = Resource(
    group="events.k8s.io",
    version="v1",
    kind="Event",
    plural="events",
    singular="event",
    short_names=("ev",),
    scope=Scope.NAMESPACED,
    schema=schema(_HERE),
    stored_as=EVENTS,
    conversion=Conversion(to_stored=_to_stored, from_stored=_from_stored),
    strategy=Strategy(validate=_validate, validate_update=_validate_update),
    columns=tuple(Column(c.name, c.type, _stored_cell(c.value), format=c.format, priority=c.priority) for c in COLUMNS),
    selector_names=(
        *((name.replace("involvedObject", "regarding"), name) for name, _ in EVENTS.selectable[:7]),
        ("reason", "reason"),
        ("reportingController", "reportingComponent"),
        ("type", "type"),
    ),
    unknown_selector="field label not supported: {}",
)

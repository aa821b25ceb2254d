"""Query parameters of the verbs: parsed as upstream parses them, judged before a body is read. Pure.

Errors are 422 on `<Kind>Options.meta.k8s.io ""`, as apimachinery's metav1 validation words them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from steersman.api.errors import (
    BadRequest,
    FieldError,
    Invalid,
    forbidden,
    invalid,
    not_supported,
    too_long,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIELD_MANAGER_MAX = 128
_PROPAGATION = ("Foreground", "Background", "Orphan")


def first(query: Mapping[str, Sequence[str]], name: str) -> str:
    values = query.get(name)
    return values[0] if values else ""


def as_bool(text: str) -> bool:
    """Query booleans: absent, empty, "false" and "0" are false; anything else is true."""
    return text.lower() not in ("", "false", "0")


def given_bool(query: Mapping[str, Sequence[str]], name: str) -> bool:
    """A flag that is true when present without value (`?watch`)."""
    values = query.get(name)
    return bool(values) and values[0].lower() not in ("false", "0")  # type: ignore[index]


def as_int(query: Mapping[str, Sequence[str]], name: str) -> int | None:
    text = first(query, name)
    if not text:
        return None
    try:
        number = int(text)
        if not -(2**63) <= number < 2**63:
            raise ValueError
    except ValueError:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
    return number


class WriteOptions(NamedTuple):
    """Create, update and patch."""

    dry_run: bool = False
    field_manager: str = ""
    field_validation: str = "Warn"
    force: bool | None = None


@dataclass(frozen=True, slots=True)
class ListOptions:
    """List, watch and deletecollection."""

    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    watch: bool = False
    allow_bookmarks: bool = False
    send_initial_events: bool | None = None
    timeout_s: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """From the body where there is one, else from the query."""

    grace_s: int | None = None
    uid: str | None = None
    resource_version: str | None = None
    propagation: str | None = None
    orphan_dependents: bool | None = None
    dry_run: bool = False
    unsafe: bool = False
    """ignoreStoreReadErrorWithClusterBreakingPotential: only for objects that cannot be read any more."""


def _refuse(kind: str, errors: list[FieldError]) -> None:
    if errors:
        raise Invalid.of("meta.k8s.io", kind, "", errors)


def _check_dry_run(values: Sequence[str], errors: list[FieldError]) -> bool:
    if any(value != "All" for value in values):
        errors.append(not_supported("dryRun", list(values), ("All",)))
    return bool(values)


def _check_manager(name: str, errors: list[FieldError]) -> None:
    if len(name.encode()) > FIELD_MANAGER_MAX:
        errors.append(too_long("fieldManager", FIELD_MANAGER_MAX))
    for position, char in enumerate(name if not name.isprintable() else ""):
        if not char.isprintable():
            errors.append(
                invalid("fieldManager", name, f"invalid character U+{ord(char):04X} (at position {position})")
            )
            break


def write_options(query: Mapping[str, Sequence[str]], kind: str) -> WriteOptions:
    """`kind`: CreateOptions, UpdateOptions or PatchOptions."""
    if not query:
        return _DEFAULT_WRITE
    errors: list[FieldError] = []
    manager = first(query, "fieldManager")
    if manager:
        _check_manager(manager, errors)
    dry_run = _check_dry_run(query["dryRun"], errors) if "dryRun" in query else False
    validation = first(query, "fieldValidation")
    if validation not in ("", "Ignore", "Warn", "Strict"):
        errors.append(not_supported("fieldValidation", validation, ("Ignore", "Strict", "Warn")))
    _refuse(kind, errors)
    force = given_bool(query, "force") if "force" in query else None
    return WriteOptions(dry_run, manager, validation or "Warn", force)


_DEFAULT_WRITE = WriteOptions()
_DEFAULT_LIST = ListOptions()


def list_options(query: Mapping[str, Sequence[str]], *, watch: bool) -> ListOptions:
    """Judges the combination of versions and initial events as upstream's ValidateListOptions does."""
    if not query:
        return _DEFAULT_LIST
    options = ListOptions(
        label_selector=first(query, "labelSelector"),
        field_selector=first(query, "fieldSelector"),
        limit=max(as_int(query, "limit") or 0, 0),
        continue_token=first(query, "continue"),
        resource_version=first(query, "resourceVersion"),
        resource_version_match=first(query, "resourceVersionMatch"),
        watch=watch,
        allow_bookmarks=given_bool(query, "allowWatchBookmarks"),
        send_initial_events=given_bool(query, "sendInitialEvents") if "sendInitialEvents" in query else None,
        timeout_s=as_int(query, "timeoutSeconds"),
    )
    _refuse("ListOptions", _list_errors(options))
    return options


def _list_errors(options: ListOptions) -> list[FieldError]:
    if options.watch:
        return _watch_errors(options)
    errors = []
    match = options.resource_version_match
    if match:
        if not options.resource_version:
            errors.append(_no_match("resourceVersionMatch is forbidden unless resourceVersion is provided"))
        if options.continue_token:
            errors.append(_no_match("resourceVersionMatch is forbidden when continue is provided"))
        if match not in ("Exact", "NotOlderThan"):
            errors.append(not_supported("resourceVersionMatch", match, ("Exact", "NotOlderThan", "")))
        if match == "Exact" and options.resource_version == "0":
            errors.append(_no_match('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if options.send_initial_events is not None:
        errors.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return errors


def _watch_errors(options: ListOptions) -> list[FieldError]:
    errors = []
    match = options.resource_version_match
    if options.send_initial_events is not None:
        if not match:
            errors.append(_no_match("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
        elif match != "NotOlderThan":
            errors.append(_no_match("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
            errors.append(not_supported("resourceVersionMatch", match, ("NotOlderThan",)))
        if options.continue_token:
            errors.append(_no_match("resourceVersionMatch is forbidden when continue is provided"))
    elif match:
        errors.append(_no_match("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
        if match != "NotOlderThan":
            errors.append(not_supported("resourceVersionMatch", match, ("NotOlderThan",)))
    return errors


def _no_match(detail: str) -> FieldError:
    return forbidden("resourceVersionMatch", detail)


def delete_options(query: Mapping[str, Sequence[str]], body: Mapping[str, Any] | None) -> DeleteOptions:
    """`body`: a decoded metav1.DeleteOptions, which then counts alone (query parameters are ignored beside it)."""
    errors: list[FieldError] = []
    if body is None:
        dry_run = query.get("dryRun", ())
        options = DeleteOptions(
            grace_s=as_int(query, "gracePeriodSeconds"),
            propagation=first(query, "propagationPolicy") if "propagationPolicy" in query else None,
            orphan_dependents=given_bool(query, "orphanDependents") if "orphanDependents" in query else None,
            dry_run=bool(dry_run),
        )
    else:
        dry_run = body.get("dryRun") or ()
        preconditions = body.get("preconditions") or {}
        options = DeleteOptions(
            grace_s=body.get("gracePeriodSeconds"),
            uid=preconditions.get("uid"),
            resource_version=preconditions.get("resourceVersion"),
            propagation=body.get("propagationPolicy"),
            orphan_dependents=body.get("orphanDependents"),
            dry_run=bool(dry_run),
            unsafe=bool(body.get("ignoreStoreReadErrorWithClusterBreakingPotential")),
        )
    if options.orphan_dependents is not None and options.propagation is not None:
        errors.append(
            invalid(
                "propagationPolicy",
                options.propagation,
                "orphanDependents and deletionPropagation cannot be both set",
            )
        )
    if options.propagation is not None and options.propagation not in _PROPAGATION:
        errors.append(not_supported("propagationPolicy", options.propagation, (*_PROPAGATION, "nil")))
    _check_dry_run(dry_run, errors)
    _refuse("DeleteOptions", errors)
    return options

"""PriorityLevelConfiguration: how much of the server a priority level gets.

Invariants: `exempt` alone is exempt, and says what it always says but for its shares; `catch-all` never changes.
Upstream differences: none known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from steersman.api.columns import AGE, at
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.flowcontrol.conditions import validate_status
from steersman.api.resource import Column, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import clear_status, status_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

SHARES_DEFAULT = 30
QUEUES_DEFAULT, HAND_SIZE_DEFAULT, QUEUE_LENGTH_DEFAULT = 64, 8, 50
QUEUES_MAX = 10_000_000
HASH_BITS_MAX = 60
"""A request's hash has so many bits to draw its hand of queues with."""
_V1BETA3_ANNOTATION = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"


def _default(obj: Object) -> None:
    spec = obj.get("spec") or {}
    exempt, limited = spec.get("exempt"), spec.get("limited")
    if exempt is not None:
        exempt.setdefault("nominalConcurrencyShares", 0)
        exempt.setdefault("lendablePercent", 0)
    if limited is not None:
        if limited.get("nominalConcurrencyShares") is None:
            limited["nominalConcurrencyShares"] = SHARES_DEFAULT
        limited.setdefault("lendablePercent", 0)
        queuing = at(limited, "limitResponse", "queuing")
        if queuing is not None:
            for name, value in (
                ("handSize", HAND_SIZE_DEFAULT),
                ("queues", QUEUES_DEFAULT),
                ("queueLengthLimit", QUEUE_LENGTH_DEFAULT),
            ):
                queuing[name] = queuing.get(name) or value


def _validate(obj: Object) -> list[FieldError]:
    return _judge(obj, {})


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _judge(new, old.get("spec") or {})


def _judge(obj: Object, old: Object) -> list[FieldError]:
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name") or ""
    errors: list[FieldError] = []
    if _V1BETA3_ANNOTATION in (obj["metadata"].get("annotations") or {}):
        errors.append(forbidden("metadata.annotations", f"annotation '{_V1BETA3_ANNOTATION}' is forbidden"))
    errors += _validate_spec(spec, name) + _validate_mandatory(spec, name) + validate_status(obj)
    return errors + _declared(spec, old)


def _validate_spec(spec: Object, name: str) -> list[FieldError]:
    kind = spec.get("type") or ""
    errors: list[FieldError] = []
    if (name == "exempt") != (kind == "Exempt"):
        errors.append(invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'"))
    exempt, limited = spec.get("exempt"), spec.get("limited")
    if kind == "Exempt":
        if exempt is not None:
            errors += _validate_shares(exempt, "spec.exempt") + _validate_lendable(exempt, "spec.exempt")
    elif kind == "Limited":
        if limited is not None:
            errors += _validate_shares(limited, "spec.limited")
            errors += _validate_response(limited.get("limitResponse") or {}, "spec.limited.limitResponse")
            errors += _validate_lendable(limited, "spec.limited")
            borrowed, path = limited.get("borrowingLimitPercent"), "spec.limited.borrowingLimitPercent"
            if borrowed is not None and borrowed < 0:
                errors.append(invalid(path, borrowed, "if specified, must be a non-negative integer"))
    elif kind:
        errors.append(not_supported("spec.type", kind, ("Exempt", "Limited")))
    return errors


def _validate_shares(level: Object, path: str) -> list[FieldError]:
    shares = level.get("nominalConcurrencyShares") or 0
    return [invalid(f"{path}.nominalConcurrencyShares", shares, "must be a non-negative integer")] if shares < 0 else []


def _validate_lendable(level: Object, path: str) -> list[FieldError]:
    percent = level.get("lendablePercent") or 0
    return (
        []
        if 0 <= percent <= 100
        else [invalid(f"{path}.lendablePercent", percent, "must be between 0 and 100, inclusive")]
    )


def _validate_response(response: Object, path: str) -> list[FieldError]:
    kind = response.get("type") or ""
    if kind == "Queue":
        queuing = response.get("queuing")
        return [] if queuing is None else _validate_queuing(queuing, f"{path}.queuing")
    return [not_supported(f"{path}.type", kind, ("Queue", "Reject"))] if kind not in ("", "Reject") else []


def _validate_queuing(queuing: Object, path: str) -> list[FieldError]:
    length, queues, hand = (queuing.get(name) or 0 for name in ("queueLengthLimit", "queues", "handSize"))
    errors: list[FieldError] = []
    if length <= 0:
        errors.append(invalid(f"{path}.queueLengthLimit", length, "must be positive"))
    if queues <= 0:
        errors.append(invalid(f"{path}.queues", queues, "must be positive"))
    elif queues > QUEUES_MAX:
        errors.append(invalid(f"{path}.queues", queues, f"must not be greater than {QUEUES_MAX}"))
    if hand <= 0:
        errors.append(invalid(f"{path}.handSize", hand, "must be positive"))
    elif hand > queues:
        errors.append(invalid(f"{path}.handSize", hand, f"should not be greater than queues ({queues})"))
    elif math.ceil(math.log2(queues) * hand) > HASH_BITS_MAX:
        detail = (
            f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {HASH_BITS_MAX}"
        )
        errors.append(invalid(f"{path}.handSize", hand, detail))
    return errors


def _declared(spec: Object, old: Object) -> list[FieldError]:
    """Rules declared at the type: told last, and only of what has changed."""
    kind, errors = spec.get("type") or "", []
    for field, needed in (("exempt", "Exempt"), ("limited", "Limited")):
        if (kind, spec.get(field)) == (old.get("type"), old.get(field)):
            continue
        if kind != needed and spec.get(field) is not None:
            errors.append(forbidden(f"spec.{field}"))
        elif kind == "Limited" == needed and spec.get(field) is None:
            errors.append(required(f"spec.{field}"))
    if not kind and old.get("type") != "":
        errors.append(required("spec.type"))
    if spec.get("limited") is None:
        return errors
    response, was = at(spec, "limited", "limitResponse", default={}), at(old, "limited", "limitResponse", default={})
    path, kind, queuing = "spec.limited.limitResponse", response.get("type") or "", response.get("queuing")
    if (kind, queuing) != (was.get("type"), was.get("queuing")):
        if kind == "Queue" and queuing is None:
            errors.append(required(f"{path}.queuing"))
        elif kind != "Queue" and queuing is not None:
            errors.append(forbidden(f"{path}.queuing"))
    if not kind and was.get("type") != "":
        errors.append(required(f"{path}.type"))
    return errors


def _validate_mandatory(spec: Object, name: str) -> list[FieldError]:
    """What the levels that the server itself relies on may say."""
    if name == "exempt" and _go_spec(spec | {"exempt": None}) != _go_spec({"type": "Exempt"}):
        detail = "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"
        return [invalid("spec", _go_spec(spec), detail)]
    if name == "catch-all":
        limited = {"nominalConcurrencyShares": 5, "lendablePercent": 0, "limitResponse": {"type": "Reject"}}
        if _go_spec(spec) != _go_spec({"type": "Limited", "limited": limited}):
            return [invalid("spec", _go_spec(spec), "spec of 'catch-all' must equal the fixed value")]
    return []


def _go_spec(spec: Object) -> Object:
    """As messages show it: Go's names, in the order of the Go type."""
    exempt, limited = spec.get("exempt"), spec.get("limited")
    return {
        "Type": spec.get("type") or "",
        "Limited": None if limited is None else _go_limited(limited),
        "Exempt": exempt
        and {
            "NominalConcurrencyShares": exempt.get("nominalConcurrencyShares"),
            "LendablePercent": exempt.get("lendablePercent"),
        },
    }


def _go_limited(limited: Object) -> Object:
    response = limited.get("limitResponse") or {}
    queuing = response.get("queuing")
    return {
        "NominalConcurrencyShares": limited.get("nominalConcurrencyShares") or 0,
        "LimitResponse": {
            "Type": response.get("type") or "",
            "Queuing": queuing
            and {
                "Queues": queuing.get("queues") or 0,
                "HandSize": queuing.get("handSize") or 0,
                "QueueLengthLimit": queuing.get("queueLengthLimit") or 0,
            },
        },
        "LendablePercent": limited.get("lendablePercent"),
        "BorrowingLimitPercent": limited.get("borrowingLimitPercent"),
    }


def _limited(*path: str) -> Callable[[Object, datetime], Any]:
    """A number of a limited level, `<none>` where it has no such part."""

    def cell(obj: Object, _now: datetime) -> Any:
        holder = at(obj, "spec", "limited", *path[:-1])
        return "<none>" if holder is None else holder.get(path[-1], 0)

    return cell


PRIORITY_LEVEL_CONFIGURATIONS = Resource(
    group="flowcontrol.apiserver.k8s.io",
    version="v1",
    kind="PriorityLevelConfiguration",
    plural="prioritylevelconfigurations",
    singular="prioritylevelconfiguration",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration"),
    subresources=(
        Subresource(
            name="status", verbs=("get", "patch", "update"), update=status_view(validate_status, keep_metadata=True)
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=clear_status,
        validate=_validate,
        validate_update=_validate_update,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column("Type", "string", lambda obj, _now: at(obj, "spec", "type", default="")),
        Column("NominalConcurrencyShares", "string", _limited("nominalConcurrencyShares")),
        Column("Queues", "string", _limited("limitResponse", "queuing", "queues")),
        Column("HandSize", "string", _limited("limitResponse", "queuing", "handSize")),
        Column("QueueLengthLimit", "string", _limited("limitResponse", "queuing", "queueLengthLimit")),
        AGE,
    ),
)

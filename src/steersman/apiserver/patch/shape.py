"""What structured merge sees in a Type: which values are leaves, which lists are sets or maps.

Upstream converts its OpenAPI documents to such a schema (kube-openapi, pkg/schemaconv); a Shape is one entry of it.
One Shape may stand for scalars, lists and maps at once: values without a schema ("deduced") are maps member by
member and lists as a whole, except RawExtension, of which everything is one leaf.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from steersman.api.schema.model import ABSENT

if TYPE_CHECKING:
    from steersman.api.schema.model import Field, Type

SHAPES_MAX = 8192
"""Shapes kept; custom resource definitions come and go."""
PLANS_MAX = 512
"""Member combinations remembered per shape."""

_SCALARS: dict[str, Literal["numeric", "string", "boolean", "untyped"]] = {
    "string": "string", "bytes": "string", "duration": "string", "bool": "boolean",
    "int32": "numeric", "int64": "numeric", "number": "numeric",
    "quantity": "untyped", "time": "untyped", "microtime": "untyped", "int-or-string": "untyped",
}  # fmt: skip
_ZEROS: dict[str, Any] = {
    "string": "", "duration": "0s", "bool": False, "int32": 0, "int64": 0, "number": 0, "quantity": "0",
    "int-or-string": 0,
}  # fmt: skip


@dataclass(slots=True, eq=False)
class Shape:
    """How values of one Type merge. Shared and read-only once made."""

    scalar: Literal["", "numeric", "string", "boolean", "untyped"] = ""
    """Which scalars it may be; empty: none."""
    list_type: Literal["", "atomic", "set", "map"] = ""
    item: Shape | None = None
    keys: tuple[str, ...] = ()
    """Sorted, as path elements have them."""
    key_defaults: dict[str, Any] = field(default_factory=dict)
    map_type: Literal["", "atomic", "granular"] = ""
    members: dict[str, Shape] = field(default_factory=dict)
    """Declared fields."""
    member: Shape | None = None
    """Shape of members that are not declared; None if there may be none."""
    mixed: bool = False
    """There are values of any kind in it, so that true and 1 may meet."""
    plans: dict[tuple[str, ...], Plan] = field(default_factory=dict)
    """Plans of the member combinations seen so far; private to `plan`."""

    @property
    def is_leaf(self) -> bool:
        """Every value is one leaf."""
        return self.map_type != "granular" and self.list_type not in {"map", "set"}

    @property
    def is_plain_map(self) -> bool:
        """Any names, and every value is one leaf: labels, annotations, data."""
        return not self.members and self.member is not None and self.member.is_leaf

    def plan(self, value: dict[str, Any]) -> Plan:
        """How to go through the members of `value`; remembered for structs, as templates make the same ones often."""
        if not self.members:
            return self._new_plan(value)
        names = tuple(value)
        plan = self.plans.get(names)
        if plan is None:
            if len(self.plans) >= PLANS_MAX:
                self.plans.clear()
            plan = self.plans[names] = self._new_plan(value)
        return plan

    def _new_plan(self, value: dict[str, Any]) -> Plan:
        other = self.member or DEDUCED
        steps = []
        for name in sorted(value):
            declared = self.members.get(name)
            child = declared or other
            steps.append(Step(name, "f:" + name, None if child.is_leaf else child, declared is not None))
        if not all(step.shape is None for step in steps):
            return Plan(tuple(steps), None, None)
        leaves: dict[str, Any] = {step.element: {} for step in steps}
        return Plan(tuple(steps), leaves, {".": {}, **leaves})


class Step(NamedTuple):
    """One member: its name and path element, its shape (None: a leaf whatever the value) and whether it is declared."""

    name: str
    element: str
    shape: Shape | None
    declared: bool


class Plan(NamedTuple):
    """Members in the order of field sets, and the finished nodes (without and with the parent) if all are leaves."""

    steps: tuple[Step, ...]
    leaves: dict[str, Any] | None
    whole: dict[str, Any] | None


_UNTYPED = Shape(scalar="untyped", list_type="atomic", map_type="atomic", mixed=True)
_UNTYPED.item = _UNTYPED.member = _UNTYPED
DEDUCED = Shape(scalar="untyped", list_type="atomic", item=_UNTYPED, map_type="granular", mixed=True)
"""Any JSON value without a schema."""
DEDUCED.member = DEDUCED
_FIELDS = Shape(map_type="granular", member=DEDUCED)


@lru_cache(maxsize=SHAPES_MAX)
def shape_of(type_: Type) -> Shape:
    """The Shape of a Type, made once per Type (compared by identity)."""
    return _make(type_, {}, loose=False)


def _make(type_: Type, made: dict[Type, Shape], *, loose: bool) -> Shape:
    """`loose`: within a custom type that preserves unknown fields, what is declared preserves them, too."""
    known = made.get(type_)
    if known is not None:
        return known
    scalar = _SCALARS.get(type_.form)
    if scalar is not None:
        return Shape(scalar=scalar)
    if type_.form in {"any", "union"}:
        if type_.name.endswith(".FieldsV1"):
            return _FIELDS
        return _UNTYPED if type_.name.endswith(".runtime.RawExtension") else DEDUCED
    if type_.form == "struct" and type_.custom and not type_.fields and not type_.schema.get("type"):
        return DEDUCED
    shape = made[type_] = Shape()
    loose = type_.custom and (loose or type_.preserve_unknown)
    if type_.form == "list":
        _fill_list(shape, type_, made, loose=loose)
        return shape
    shape.map_type = type_.map_type
    shape.members = {name: _make(one.type, made, loose=loose) for name, one in type_.fields.items()}
    if type_.element is not None:
        shape.member = _make(type_.element, made, loose=loose)
    elif type_.preserve_unknown or loose or not type_.fields:
        shape.member = DEDUCED
    parts = [*shape.members.values(), *([shape.member] if shape.member else ())]
    shape.mixed = any(part.mixed for part in parts)
    return shape


def _fill_list(shape: Shape, type_: Type, made: dict[Type, Shape], *, loose: bool) -> None:
    shape.list_type = type_.list_type
    shape.item = _make(type_.element, made, loose=loose) if type_.element is not None else _UNTYPED
    shape.mixed = shape.item.mixed
    if type_.list_type == "map":
        shape.keys = tuple(sorted(type_.map_keys))
        fields = type_.element.fields if type_.element is not None else {}
        for key in shape.keys:
            default = _key_default(fields[key]) if key in fields else None
            if default is not None:
                shape.key_defaults[key] = default


def _key_default(one: Field) -> Any:
    """What stands for an absent key: its default; of a built-in field that is always on the wire, its zero value."""
    if one.default is not ABSENT:
        return one.default
    always = not (one.omitempty or one.pointer)
    return _ZEROS.get(one.type.form) if always else None


@lru_cache(maxsize=SHAPES_MAX)
def zero_of(type_: Type) -> dict[str, Any]:
    """What Go's zero value of a struct looks like: the object that a create is compared with. Read-only.

    A custom resource's is empty.
    """
    if type_.custom:
        return {}
    zero: dict[str, Any] = {}
    for name, one in type_.fields.items():
        value = _zero_field(one)
        if value is not ABSENT:
            zero[name] = value
    return zero


def _zero_field(one: Field) -> Any:
    if one.omitzero:
        return ABSENT
    form = one.type.form
    if one.pointer:
        return ABSENT if one.omitempty else None
    if form == "struct":
        return zero_of(one.type)
    if form in {"quantity", "int-or-string", "duration"}:
        return _ZEROS[form]
    if form in {"time", "microtime"}:
        return None
    return ABSENT if one.omitempty else _ZEROS.get(form)

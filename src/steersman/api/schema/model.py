"""Type and Field: the shape of API objects, for built-in and custom resources alike.

A Type is made once and shared; types may refer to themselves (JSONSchemaProps does), so fields are filled in after
creation and treated as read-only from then on. Facts come from upstream's OpenAPI documents (list types, keys, merge
keys, defaults, enums) and from the Go structs' tags (pointer, omitempty), which decide what a zero value looks like on
the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Form = Literal[
    "struct",         # named fields, unknown ones are pruned or reported (unless preserve_unknown)
    "map",            # string keys, values of `element`
    "list",           # items of `element`
    "string", "bytes", "bool", "int32", "int64", "number",
    "quantity", "time", "microtime", "duration", "int-or-string",
    "any",            # any JSON value, kept as it is (RawExtension, JSON, FieldsV1)
    "union",          # an object of `element`, or one of `alternatives` (JSONSchemaPropsOrBool and its kin)
]  # fmt: skip

ABSENT: Any = object()
"""No default: the field stays away when it is not given."""


@dataclass(slots=True, eq=False)
class Type:
    """The shape of one value. Compared by identity."""

    form: Form
    name: str = ""
    """Schema name of a struct (`io.k8s.api.core.v1.Container`); empty for anonymous shapes."""
    go_name: str = ""
    """What Go calls it in decoding errors: `v1.Container`, `[]v1.Container`, `map[string]string`, `int32`."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    element: Type | None = None
    list_type: Literal["atomic", "set", "map"] = "atomic"
    map_keys: tuple[str, ...] = ()
    map_type: Literal["granular", "atomic"] = "granular"
    preserve_unknown: bool = False
    embedded: bool = False
    """x-kubernetes-embedded-resource: carries apiVersion, kind and metadata of its own."""
    nullable: bool = False
    alternatives: frozenset[Literal["bool", "objects", "strings"]] = frozenset()
    """Of a union: what it may be instead of an object."""
    keep_empty: bool = False
    """Of a struct: lists and maps given empty stay empty, not null (stored as JSON; others travel as protobuf)."""
    custom: bool = False
    """Of a custom resource's schema: no Go rules, values stay as they were given."""
    schema: Mapping[str, Any] = field(default_factory=dict)
    """The structural schema that a custom type was made from."""
    uses: int = 0
    """How often it was decoded; `decode` compiles a struct that is used more than a few times."""
    compiled: Callable[[Any], Any] | None = None
    """Its generated decoder, once there is one; private to `decode`."""
    empties: tuple[tuple[str, ...], tuple[tuple[str, Type], ...]] | None = None
    """Where lists and maps may be shown empty; private to `empties`."""


@dataclass(slots=True, eq=False)
class Field:
    """One named member of a struct."""

    type: Type
    pointer: bool = False
    """A zero value that was given stays on the wire (Go pointer); otherwise see `omitempty`."""
    omitempty: bool = True
    """A zero value leaves the wire (structs have none); if False an absent field appears as its zero value."""
    omitzero: bool = False
    """As `omitempty`, and for structs too: the zero time leaves the wire."""
    default: Any = ABSENT
    """Declared default (`+default`), applied when the field is absent or null."""
    required: bool = False
    enum: tuple[str, ...] = ()
    merge_key: str = ""
    """Strategic merge patch: key of a list that is merged by element."""
    patch_strategy: tuple[str, ...] = ()
    """Strategic merge patch: of "merge", "replace", "retainKeys"."""
    go_path: str = ""
    """What decoding errors put in front of the name: Go's embedded structs, as `VolumeSource`."""

"""Field ownership across the scale subresource: `spec.replicas` of a Scale is some field of its parent.

A write through `/scale` goes: `to_scale` gives the Scale its share of the parent's managedFields, the Scale is stamped
or applied like any object, `to_parent` brings the result home. As upstream does it, an owner that gets the field
through the Scale has no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.apiserver.patch.elements import FieldsError
from steersman.apiserver.patch.fieldset import FieldSet
from steersman.apiserver.patch.managers import Managed, Ownership, decode_managed, encode_managed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object

SCALE_VERSION = "autoscaling/v1"
_IN_SCALE = FieldSet.of(("f:spec", "f:replicas"))


def to_scale(parent_entries: Any, replicas: Mapping[str, tuple[str, ...]]) -> list[Object]:
    """The managedFields of the Scale of an object with `parent_entries`.

    `replicas` maps each API version of the parent to the field's path, as `{"apps/v1": ("spec", "replicas")}`.
    """
    mine: Managed = {}
    for owner, ownership in _decoded(parent_entries).items():
        path = replicas.get(ownership.api_version)
        if path and ownership.fields.has(_elements(path)):
            mine[owner] = Ownership(_IN_SCALE, SCALE_VERSION, ownership.time)
    return encode_managed(mine)


def to_parent(
    parent_entries: Any, scale_entries: Any, *, api_version: str, replicas: Mapping[str, tuple[str, ...]]
) -> list[Object]:
    """The parent's managedFields after a write through its Scale, which now has `scale_entries`.

    Entries of versions that `replicas` does not know are dropped.
    """
    parents, scales = _decoded(parent_entries), _decoded(scale_entries)
    merged: Managed = {}
    for owner, ownership in parents.items():
        path = replicas.get(ownership.api_version)
        if path is None:
            continue
        if not path or not ownership.fields.has(_elements(path)):
            merged[owner] = ownership
        elif owner in scales:
            merged[owner] = ownership
            del scales[owner]
        else:
            left = ownership.fields.difference(FieldSet.of(_elements(path)))
            if left:
                merged[owner] = ownership.owning(left)
    for owner, ownership in scales.items():
        if ownership.fields.has(("f:spec", "f:replicas")):
            known = parents.get(owner)
            fields = FieldSet.of(_elements(replicas[api_version]))
            merged[owner] = Ownership(fields, api_version, known.time if known else "")
    return encode_managed(merged)


def _decoded(entries: Any) -> Managed:
    try:
        return decode_managed(entries, trusted=True)
    except FieldsError:
        return {}


def _elements(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("f:" + name for name in path)

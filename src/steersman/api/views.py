"""Update strategies that many resources share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.resource import Context, UpdateStrategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object


def clear_status(obj: Object, _ctx: Context) -> None:
    """As `prepare_create`: nobody creates an object with a status."""
    obj["status"] = {}


_KEPT_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")


def status_view(
    validate: Callable[[Object, Object], list[FieldError]] | None = None,
    *,
    prepare: Callable[[Object, Object, Context], None] | None = None,
    keep_labels: bool = False,
    keep_metadata: bool = False,
    disown_metadata: bool = False,
) -> UpdateStrategy:
    """The `status` subresource: a write through it changes status (and, unless told, metadata), nothing else.

    `keep_labels`: nor labels. `keep_metadata`: nor labels, annotations, finalizers and owner references (upstream's
    ResetObjectMetaForStatus), and `disown_metadata`: metadata is written but not owned. `prepare` runs after the rest
    is put back.
    """
    kept = _KEPT_METADATA if keep_metadata else ("labels",) if keep_labels else ()

    def put_back(new: Object, old: Object, ctx: Context) -> None:
        for name in [name for name in new if name not in ("apiVersion", "kind", "metadata", "status")]:
            if name not in old:
                del new[name]
        for name, value in old.items():
            if name not in ("apiVersion", "kind", "metadata", "status"):
                new[name] = value
        for name in kept:
            if name in old["metadata"]:
                new["metadata"][name] = old["metadata"][name]
            else:
                new["metadata"].pop(name, None)
        if prepare:
            prepare(new, old, ctx)

    disowned = (("metadata",), ("spec",)) if keep_metadata or disown_metadata else (("spec",),)
    return UpdateStrategy(prepare=put_back, validate=validate, reset_fields=disowned)

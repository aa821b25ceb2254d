"""Update strategies that many resources share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.resource import Context, UpdateStrategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object


def status_view(
    validate: Callable[[Object, Object], list[FieldError]] | None = None,
    *,
    prepare: Callable[[Object, Object, Context], None] | None = None,
    keep_labels: bool = False,
) -> UpdateStrategy:
    """The `status` subresource: a write through it changes status (and metadata, as upstream's strategies do), nothing
    else.

    `keep_labels`: labels of the object are not changed through this path either. `prepare` runs after the rest is put
    back.
    """

    def put_back(new: Object, old: Object, ctx: Context) -> None:
        for name in [name for name in new if name not in ("apiVersion", "kind", "metadata", "status")]:
            if name not in old:
                del new[name]
        for name, value in old.items():
            if name not in ("apiVersion", "kind", "metadata", "status"):
                new[name] = value
        if keep_labels:
            metadata = new["metadata"]
            if "labels" in old["metadata"]:
                metadata["labels"] = old["metadata"]["labels"]
            else:
                metadata.pop("labels", None)
        if prepare:
            prepare(new, old, ctx)

    return UpdateStrategy(prepare=put_back, validate=validate, reset_fields=(("spec",),))

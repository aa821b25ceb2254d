"""PartialObjectMetadata and its list: objects reduced to their metadata (meta.k8s.io/v1, v1beta1). Pure.

Metadata is shared with the given objects, not copied: the results are read-only, as those are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

_LIST_META = ("resourceVersion", "continue", "remainingItemCount")


def partial_of(obj: Object, *, version: str = "v1", hidden: tuple[str, ...] = ()) -> Object:
    """The metadata of an object, without the annotations `hidden` (a resource's `hidden_annotations`)."""
    metadata = obj.get("metadata") or {}
    annotations = metadata.get("annotations")
    if hidden and annotations:
        kept = {name: value for name, value in annotations.items() if name not in hidden}
        metadata = {name: value for name, value in metadata.items() if name != "annotations"}
        metadata |= {"annotations": kept} if kept else {}
    return {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata}


def partial_list_of(
    objects: Iterable[Object], list_meta: Object, *, version: str = "v1", hidden: tuple[str, ...] = ()
) -> Object:
    """The metadata of each object of a list, and the list's own."""
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": list_metadata(list_meta),
        "items": [partial_of(obj, version=version, hidden=hidden) for obj in objects],
    }


def list_metadata(meta: Object | None) -> Object:
    """What a transformed list keeps of a list's metadata; empty values leave."""
    if not meta:
        return {}
    found: list[tuple[str, Any]] = [(name, meta.get(name)) for name in _LIST_META]
    return {name: value for name, value in found if value is not None and value != ""}


def refuse_form(form: str, *, is_list: bool, go_type: str) -> NotAcceptable | None:
    """The refusal of a form that does not fit an answer: a list as one PartialObjectMetadata, or one object as a list
    of them.

    `go_type` is what upstream calls the answer: `*core.ConfigMap`, `*core.ConfigMapList`.
    """
    if form == "partial" and is_list:
        return NotAcceptable(f"you requested PartialObjectMetadata, but the requested object is a list ({go_type})")
    if form == "partial-list" and not is_list:
        return NotAcceptable(
            f"you requested PartialObjectMetadataList, but the requested object is not a list ({go_type})"
        )
    return None

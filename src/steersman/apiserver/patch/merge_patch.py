"""JSON merge patch: RFC 7386."""

from __future__ import annotations

from typing import Any


def apply_merge_patch(document: Any, patch: Any) -> Any:
    """The document with the patch merged in; both stay as they were, and unchanged parts are shared.

    A null removes a member; a value that is no object replaces what was there. Upstream drops nulls from objects
    inside replaced lists as well, but never list items.
    """
    if not isinstance(patch, dict):
        return without_nulls(patch)
    if not isinstance(document, dict):
        return without_nulls(patch)
    merged = dict(document)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            current = merged.get(key)
            merged[key] = apply_merge_patch(current, value) if isinstance(current, dict) else without_nulls(value)
        elif isinstance(value, list):
            # A list that replaces an object or a list is taken as it is: upstream prunes only what it adds.
            current = merged.get(key)
            merged[key] = value if isinstance(current, dict) else without_nulls(value)
        else:
            merged[key] = value
    return merged


def without_nulls(value: Any) -> Any:
    """The value without null members, at any depth; itself if there are none."""
    if isinstance(value, dict):
        kept = {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
        same = len(kept) == len(value) and all(kept[key] is value[key] for key in kept)
        return value if same else kept
    if isinstance(value, list):
        items = [without_nulls(item) for item in value]
        return value if all(map(_identical, items, value)) else items
    return value


def _identical(one: Any, other: Any) -> bool:
    return one is other

"""Which of the classes marked as default is meant: the newest, and of several made in one second the first by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object


def default_class(classes: Iterable[Object], annotations: tuple[str, ...]) -> str:
    """The name of the class that has "true" in one of the annotations; empty if there is none. `classes`: by name."""
    newest, name = "", ""
    for candidate in classes:
        metadata = candidate["metadata"]
        said = metadata.get("annotations") or {}
        if any(said.get(annotation) == "true" for annotation in annotations):
            created = metadata.get("creationTimestamp") or ""
            if created > newest or not name:
                newest, name = created, metadata["name"]
    return name

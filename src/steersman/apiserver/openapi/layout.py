"""How both versions lay operations out: by path, with common parameters at the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.apiserver.openapi.operations import Operation, Parameter


def by_path(operations: Iterable[Operation]) -> Iterator[tuple[str, list[Operation]]]:
    """Operations of each path, paths sorted."""
    paths: dict[str, list[Operation]] = {}
    for operation in operations:
        paths.setdefault(operation.path, []).append(operation)
    yield from sorted(paths.items())


def shared_parameters(operations: list[Operation]) -> list[Parameter]:
    """Parameters that every one of these has, sorted by name."""
    first, *others = operations
    shared = [p for p in first.parameters if all(p in other.parameters for other in others)]
    return sorted(shared, key=lambda p: (p.name, p.where))

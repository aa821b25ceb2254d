from __future__ import annotations

from steersman.apiserver.openapi.layout import by_path, shared_parameters
from steersman.apiserver.openapi.operations import Operation, Parameter


def _operation(path: str, *names: str) -> Operation:
    parameters = tuple(Parameter(name) for name in names)
    return Operation(path=path, method="get", id="x", tag="t", produces=(), result="", parameters=parameters)


def test_paths_are_sorted_with_their_operations() -> None:
    operations = [_operation("/b"), _operation("/a"), _operation("/b")]
    assert [(path, len(group)) for path, group in by_path(operations)] == [("/a", 1), ("/b", 2)]


def test_shared_is_what_every_operation_has() -> None:
    group = [_operation("/a", "z", "b", "a"), _operation("/a", "b", "z")]
    assert [p.name for p in shared_parameters(group)] == ["b", "z"]

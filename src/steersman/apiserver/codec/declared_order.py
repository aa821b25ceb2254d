"""The order in which Go declares a struct's members, which is the order of its JSON.

It is the order of the protobuf numbers but for the structs of `declared_order.txt`.
"""

from __future__ import annotations

from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.apiserver.codec.protobuf_tables import Message, Tables


class DeclaredOrder:
    """Answers for the built-in types of `tables`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def members(self, schema_name: str) -> tuple[str, ...]:
        """JSON names of the struct `io.k8s.api.core.v1.Container`; empty for one that is not known."""
        name = schema_name.replace("io.k8s.", "k8s.io.", 1).replace("-", "_")
        try:
            message = self._tables.message(name)
        except KeyError:
            return ()
        names = tuple(self._names(message))
        # TypeMeta travels in the envelope, not in the message.
        return names if "apiVersion" in names else ("kind", "apiVersion", *names)

    def _names(self, message: Message) -> Iterator[str]:
        numbers = self._exceptions.get(message.name)
        fields = message.fields
        if numbers is not None:
            fields = tuple(sorted(fields, key=lambda field: numbers.get(field.number, len(numbers))))
        for field in fields:
            if field.inline and field.message is not None:
                yield from self._names(field.message)
            else:
                yield field.name

    @cached_property
    def _exceptions(self) -> dict[str, dict[int, int]]:
        lines = files(__package__).joinpath("declared_order.txt").read_text().splitlines()
        split = (line.split(" ") for line in lines if not line.startswith("#"))
        return {name: {int(number): place for place, number in enumerate(numbers)} for name, *numbers in split}

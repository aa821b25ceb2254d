"""The protobuf form of built-in types, as tables that the codec walks; built message by message when first asked for.

The facts are in `protobuf.txt` beside this file, which `scripts/protobuf_data` writes and explains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal

_META = "k8s.io.apimachinery.pkg.apis.meta.v1."
_CORE = "k8s.io.api.core.v1."
_APIEXTENSIONS = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1."

Special = Literal[
    "", "time", "microtime", "duration", "quantity", "int-or-string", "raw", "bytes-json",
    "schema-or-array", "schema-or-bool", "schema-or-strings", "items",
]  # fmt: skip
Kind = Literal["s", "y", "b", "i", "d", "m"]

_SPECIAL: dict[str, Special] = {
    _META + "Time": "time",
    _META + "MicroTime": "microtime",
    _META + "Duration": "duration",
    _META + "FieldsV1": "bytes-json",
    "k8s.io.apimachinery.pkg.api.resource.Quantity": "quantity",
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "k8s.io.apimachinery.pkg.runtime.RawExtension": "raw",
    _APIEXTENSIONS + "JSON": "bytes-json",
    _APIEXTENSIONS + "JSONSchemaPropsOrArray": "schema-or-array",
    _APIEXTENSIONS + "JSONSchemaPropsOrBool": "schema-or-bool",
    _APIEXTENSIONS + "JSONSchemaPropsOrStringArray": "schema-or-strings",
}
_FIELD = re.compile(r"(\d+)([rk]?)([sybidm])([*!z<]*):([^:]*)(?::(.+))?\Z")
_WIRE_TYPES = {"s": 2, "y": 2, "m": 2, "b": 0, "i": 0, "d": 1}


@dataclass(slots=True, eq=False)
class FieldTable:
    """One field. `name` is its JSON name, empty if it is inlined."""

    number: int
    kind: Kind
    name: str
    message: Message | None
    """Of kind "m" and of maps whose values are messages."""
    repeated: bool
    is_map: bool
    inline: bool
    pointer: bool
    omitempty: bool
    omitzero: bool
    tag: bytes
    """Field number and wire type, encoded."""

    @property
    def keep_zero(self) -> bool:
        """Whether a zero scalar on the wire appears in JSON."""
        return self.pointer or not self.omitempty


@dataclass(slots=True, eq=False)
class Message:
    """One message. Messages refer to each other and to themselves, so they are filled in after they are made."""

    name: str
    special: Special = ""
    schema: Message | None = None
    """JSONSchemaProps, for the unions of it."""
    fields: tuple[FieldTable, ...] = ()
    """In the order of their numbers."""
    by_tag: dict[int, FieldTable] = field(default_factory=dict)
    """By field number and wire type as one integer, as it stands on the wire."""
    zero: bytes | None = None
    """How a zero value is encoded; filled in by the codec."""


class Tables:
    """All messages, and which kind of which group and version is which message."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}
        self._packages: dict[tuple[str, str], str] = {}
        self._messages: dict[str, Message] = {}
        package = ""
        for line in files(__package__).joinpath("protobuf.txt").read_text().splitlines():
            if line.startswith("# "):
                package, group, version = line[2:].split(" ")
                self._packages[("" if group == "-" else group, version)] = package
            else:
                self._lines[f"{package}.{line.partition(' ')[0].lstrip('=')}"] = line

    def of_kind(self, group: str, version: str, kind: str) -> Message | None:
        """The message of a kind; meta/v1's own kinds (DeleteOptions, Status) are part of every group and version."""
        package = self._packages.get((group, version))
        if package is not None and f"{package}.{kind}" in self._lines:
            return self.message(f"{package}.{kind}")
        if f"{_META}{kind}" in self._lines:
            return self.message(f"{_META}{kind}")
        return None

    def message(self, name: str) -> Message:
        """The message with a full protobuf name."""
        made = self._messages.get(name)
        if made is not None:
            return made
        line = self._lines[name]
        made = self._messages[name] = Message(name, _SPECIAL.get(name, ""))
        package = name.rpartition(".")[0] + "."
        if made.special.startswith("schema"):
            made.schema = self.message(_APIEXTENSIONS + "JSONSchemaProps")
        if line.startswith("=") and not made.special and ":items" in line:
            made.special = "items"
        made.fields = tuple(self._field(text, package) for text in line.split(" ")[1:])
        for one in made.fields:
            wire = 2 if (one.repeated and one.kind in "sym") or one.is_map else _WIRE_TYPES[one.kind]
            made.by_tag[one.number << 3 | wire] = one
        return made

    def _field(self, text: str, package: str) -> FieldTable:
        match = _FIELD.match(text)
        assert match is not None, text
        number, many, kind, flags, name, reference = match.groups()
        message = None
        if reference:
            full = {"^": _META, "~": _CORE}.get(reference[0])
            target = full + reference[1:] if full else reference if "." in reference else package + reference
            message = self.message(target)
        wire = 2 if many == "k" else _WIRE_TYPES[kind]
        return FieldTable(
            number=int(number),
            kind=kind,  # type: ignore[arg-type]  # the expression allows no other
            name=name,
            message=message,
            repeated=many == "r",
            is_map=many == "k",
            inline="<" in flags,
            pointer="*" in flags,
            omitempty="!" not in flags,
            omitzero="z" in flags,
            tag=varint(int(number) << 3 | wire),
        )


def varint(number: int) -> bytes:
    """A number that is not negative, in base 128, least significant group first."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)

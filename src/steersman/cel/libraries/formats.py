"""Named formats: `format.dns1123Label().validate(s)` gives none where the text fits, else what is wrong with it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from steersman.cel import times
from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError
from steersman.cel.libraries.urls import parse_absolute
from steersman.cel.types import opaque
from steersman.cel.values import NONE, Opaque, OptionalValue

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_NAME})?"
_LABEL_MAX, _SUBDOMAIN_MAX = 63, 253
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)

_LABEL_WRONG = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_SUBDOMAIN_WRONG = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_LABEL_1035_WRONG = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character "
    f"(e.g. 'my-name',  or 'abc-123', regex used for validation is '{_LABEL_1035}')"
)
_NAME_WRONG = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME}')"
)
_VALUE_WRONG = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character "
    f"(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_VALUE}')"
)

Check = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True, eq=False)
class NamedFormat(Opaque):
    """A format; `regex_cost` stands for the length of the expression that checks it."""

    name: str
    check: Check
    regex_cost: int
    cel_type = opaque("kubernetes.NamedFormat")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedFormat) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def _pattern(pattern: str, wrong: str, length_max: int, unit: str = "characters", *, prefix: bool = False) -> Check:
    """A pattern and a greatest length; of a prefix, a dash at the end stands for what will follow."""
    compiled = re.compile(pattern)

    def check(text: str) -> list[str]:
        if prefix and len(text) > 1 and text.endswith("-"):
            text = text[:-2] + "a"
        found = [f"must be no more than {length_max} {unit}"] if len(text.encode()) > length_max else []
        return found if compiled.fullmatch(text) else [*found, wrong]

    return check


def _qualified_name(text: str) -> list[str]:
    parts = text.split("/")
    if len(parts) > 2:
        what = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a valid label key {_NAME_WRONG}{what}"]
    found: list[str] = []
    if len(parts) == 2:
        prefix = parts[0]
        wrong = _SUBDOMAIN_CHECK(prefix) if prefix else ["must be non-empty"]
        found += [f"prefix part {part}" for part in wrong]
    name = parts[-1]
    if not name:
        found.append("name part must be non-empty")
    elif len(name.encode()) > _LABEL_MAX:
        found.append(f"name part must be no more than {_LABEL_MAX} bytes")
    if not re.fullmatch(_NAME, name):
        found.append(f"name part {_NAME_WRONG}")
    return found


def _uri(text: str) -> list[str]:
    try:
        parse_absolute(text)
    except ValueError as error:
        return [str(error)]
    return []


def _uuid(text: str) -> list[str]:
    return [] if _UUID.fullmatch(text) else ["does not match the UUID format"]


def _byte(text: str) -> list[str]:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return ["invalid base64"]
    return [] if text else ["invalid base64"]


def _date(text: str) -> list[str]:
    try:
        date.fromisoformat(text)
    except ValueError:
        return ["invalid date"]
    return [] if len(text) == len("2006-01-02") else ["invalid date"]


def _datetime(text: str) -> list[str]:
    """RFC 3339, more leniently than timestamps are: in any case, without a colon in the offset, or without one."""
    match = _DATETIME.fullmatch(text)
    if match is None:
        return ["invalid datetime"]
    zone = (match[2] or "Z").upper()
    if len(zone) == len("+0000"):
        zone = f"{zone[:3]}:{zone[3:]}"
    try:
        times.parse_timestamp(text[: match.end() - len(match[2] or "")].upper() + zone)
    except EvaluationError:
        return ["invalid datetime"]
    return []


_SUBDOMAIN_CHECK = _pattern(_SUBDOMAIN, _SUBDOMAIN_WRONG, _SUBDOMAIN_MAX)

FORMATS: Mapping[str, NamedFormat] = {
    "dns1123Label": NamedFormat("DNS1123Label", _pattern(_LABEL, _LABEL_WRONG, _LABEL_MAX), 8),
    "dns1123Subdomain": NamedFormat("DNS1123Subdomain", _SUBDOMAIN_CHECK, 15),
    "dns1035Label": NamedFormat("DNS1035Label", _pattern(_LABEL_1035, _LABEL_1035_WRONG, _LABEL_MAX), 8),
    "qualifiedName": NamedFormat("QualifiedName", _qualified_name, 15),
    "dns1123LabelPrefix": NamedFormat("DNS1123LabelPrefix", _pattern(_LABEL, _LABEL_WRONG, _LABEL_MAX, prefix=True), 8),
    "dns1123SubdomainPrefix": NamedFormat(
        "DNS1123SubdomainPrefix", _pattern(_SUBDOMAIN, _SUBDOMAIN_WRONG, _SUBDOMAIN_MAX, prefix=True), 15
    ),
    "dns1035LabelPrefix": NamedFormat(
        "DNS1035LabelPrefix", _pattern(_LABEL_1035, _LABEL_1035_WRONG, _LABEL_MAX, prefix=True), 8
    ),
    "labelValue": NamedFormat("LabelValue", _pattern(_VALUE, _VALUE_WRONG, _LABEL_MAX, "bytes"), 10),
    "uri": NamedFormat("URI", _uri, 276),
    "uuid": NamedFormat("uuid", _uuid, 18),
    "byte": NamedFormat("byte", _byte, 21),
    "date": NamedFormat("date", _date, 18),
    "datetime": NamedFormat("datetime", _datetime, 18),
}


def _named(name: str) -> OptionalValue:
    found = FORMATS.get(name)
    return NONE if found is None else OptionalValue(present=True, content=found)


def _validate(value: NamedFormat, text: str) -> OptionalValue:
    wrong = value.check(text)
    return OptionalValue(present=True, content=wrong) if wrong else NONE


def _constant(value: NamedFormat) -> Callable[[], NamedFormat]:
    return lambda: value


_SELF = "kubernetes.NamedFormat"

NAMED_FORMATS = Library(
    "formats",
    {
        "format.named": (Overload("format-named", f"(string) -> optional_type({_SELF})", _named),),
        "validate": (Overload("format-validate", f"{_SELF}.(string) -> optional_type(list(string))", _validate),),
        **{
            f"format.{name}": (Overload(f"format.{name}", f"() -> {_SELF}", _constant(value)),)
            for name, value in FORMATS.items()
        },
    },
)

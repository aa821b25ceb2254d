"""Request bodies: bytes -> an object of the type that the path expects, with upstream's words for everything that can
be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import BadRequest, Invalid, invalid
from steersman.api.schema.decode import DecodeError, decode
from steersman.apiserver.codec import json, yaml
from steersman.apiserver.codec.malformed import Malformed, Parsed, type_meta, unhandled, unrecognized
from steersman.apiserver.codec.negotiate import body_media

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type
    from steersman.apiserver.codec.protobuf import Protobuf
    from steersman.apiserver.kinds import Kinds
    from steersman.lib.http.message import Request


class Expected:
    """What a path expects to be sent: one kind, or one of a few (`also`: (apiVersion, kind) pairs with the same
    shape).
    """

    __slots__ = ("also", "custom", "group", "kind", "type", "version")

    def __init__(
        self,
        *,
        group: str,
        version: str,
        kind: str,
        type_: Type,
        custom: bool = False,
        also: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.group = group
        self.version = version
        self.kind = kind
        self.type = type_
        self.custom = custom
        self.also = also

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


def read(
    request: Request,
    expected: Expected,
    *,
    validation: str,
    warnings: list[str],
    kinds: Kinds,
    protobuf: Protobuf,
) -> Object:
    """Decode a request's body. `validation`: Ignore, Warn or Strict. Raises BadRequest, UnsupportedMediaType."""
    media = body_media(request.headers.get("content-type"), custom=expected.custom)
    raw = request.body
    parsed = parse(raw, media, expected, find_duplicates=validation != "Ignore", protobuf=protobuf)
    return from_value(parsed, expected, raw=raw, validation=validation, warnings=warnings, kinds=kinds)


def parse(raw: bytes, media: str, expected: Expected, *, find_duplicates: bool, protobuf: Protobuf) -> Parsed:
    """Raises BadRequest."""
    try:
        if media == "json":
            return json.parse(raw, find_duplicates=find_duplicates)
        if media == "yaml":
            return yaml.parse(raw, find_duplicates=find_duplicates)
        return Parsed(protobuf.decode(raw, expected.group, expected.version, expected.kind))
    except Malformed as error:
        raise unrecognized(expected.kind, str(error), raw) from None


def from_value(
    parsed: Parsed, expected: Expected, *, raw: bytes, validation: str, warnings: list[str], kinds: Kinds
) -> Object:
    """A parsed body as an object of the expected type. Raises BadRequest."""
    value = parsed.value
    try:
        api_version, kind = type_meta(value)
    except Malformed as error:
        raise unrecognized(expected.kind, str(error), raw) from None
    if expected.custom:
        _check_custom(value, api_version, kind, expected, raw)
    else:
        check_kind(api_version, kind, expected, kinds)
    return typed(value, expected, parsed, validation=validation, warnings=warnings)


def check_kind(api_version: str, kind: str, expected: Expected, kinds: Kinds) -> None:
    """The object is of the kind that the path is about; what it leaves out counts as right."""
    version, wanted = api_version or expected.api_version, kind or expected.kind
    if (version, wanted) == (expected.api_version, expected.kind) or (version, wanted) in expected.also:
        return
    raise unhandled(
        wanted,
        version.rpartition("/")[2],
        expected.kind,
        kinds.mismatch(version, wanted, expected.group, expected.kind),
    )


def _check_custom(value: Any, api_version: str, kind: str, expected: Expected, raw: bytes) -> None:
    """A custom resource has to say what it is; its kind is judged like any other field."""
    if not kind:
        raise unrecognized(expected.kind, f"Object 'Kind' is missing in '{raw.decode(errors='replace')}'", raw)
    if api_version != expected.api_version:
        raise BadRequest(
            f"the API version in the data ({api_version}) does not match the expected API version "
            f"({expected.api_version})"
        )
    if kind != expected.kind:
        name = (value.get("metadata") or {}).get("name") or ""
        raise Invalid.of(expected.group, kind, name, [invalid("kind", kind, f"must be {expected.kind}")])


def keep_reset(value: Any, obj: Object) -> None:
    """An empty list of managedFields means "forget all owners"; the normal form has no room for that."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if isinstance(metadata, dict) and metadata.get("managedFields") == []:
        obj["metadata"]["managedFields"] = []


def typed(value: Any, expected: Expected, parsed: Parsed | None, *, validation: str, warnings: list[str]) -> Object:
    """Decode by schema; unknown and duplicate fields are refused, warned of or ignored."""
    try:
        decoded = decode(expected.type, value if value is not None else {})
    except DecodeError as error:
        raise unhandled(expected.kind, expected.version, expected.kind, str(error)) from None
    obj = decoded.object
    obj["kind"], obj["apiVersion"] = expected.kind, expected.api_version
    keep_reset(value, obj)
    if validation != "Ignore":
        duplicates = parsed.duplicates if parsed is not None else []
        unknown = [f'unknown field "{path}"' for path in decoded.unknown]
        if validation == "Warn":
            warnings += _in_order([*duplicates, *unknown], parsed, expected)
        elif duplicates or unknown:
            strict = parsed.strict if parsed is not None else []
            problems = ", ".join(_in_order([*strict, *unknown], parsed, expected))
            raise unhandled(expected.kind, expected.version, expected.kind, f"strict decoding error: {problems}")
    return obj


def _in_order(problems: list[str], parsed: Parsed | None, expected: Expected) -> list[str]:
    """Of a built-in kind in JSON, upstream tells of fields as it meets them; of others, first of those given twice."""
    if parsed is None or not parsed.places or expected.custom:
        return problems
    places = parsed.places
    return sorted(problems, key=lambda text: places.get(text.partition('"')[2][:-1], len(places) << 32))

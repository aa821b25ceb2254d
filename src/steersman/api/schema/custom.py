"""Decoding of custom resources: prune, drop nulls, apply defaults, and type the metadata.

A custom resource has no Go struct behind it. Values stay as they were given (validation judges them later), unknown
fields are pruned unless the schema preserves them, a null that is not allowed becomes the default or goes away, and
only `metadata` (of the object and of embedded resources) is decoded as the built-in ObjectMeta. Follows upstream's
structural pruning, defaulting and objectmeta coercion, including that a value whose schema knows no fields loses all
of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from steersman.api.errors import invalid
from steersman.api.schema.interpret import DecodeError, Walk, copy_json
from steersman.api.schema.model import ABSENT

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type

TYPE_META: Final = frozenset({"apiVersion", "kind", "metadata"})


def decode_custom(type_: Type, value: Any) -> tuple[Object, list[str]]:
    """The object with its defaults, and the strict paths of unknown fields: those of its metadata, then the others
    sorted.

    `type_` is the root type that `structural.from_structural` made. Raises DecodeError.
    """
    if value.__class__ is not dict:
        word = "null" if value is None else type(value).__name__
        words = {"list": "array", "str": "string", "int": "number", "float": "number"}
        raise DecodeError(
            f"json: cannot unmarshal {words.get(word, word)} into Go value of type map[string]interface {{}}"
        )
    walk = _Prune()
    out: Object = {}
    if "metadata" in value:
        meta = Walk()
        out["metadata"] = meta.run(type_.fields["metadata"].type, value["metadata"])
        walk.of_metadata += [f"metadata.{path}" for path in meta.unknown]
    for key in ("apiVersion", "kind"):
        if key in value:
            out[key] = value[key]
    rest = {key: item for key, item in value.items() if key not in TYPE_META}
    out.update(walk.value(type_, rest, "", keep=type_.preserve_unknown))
    return out, [*walk.of_metadata, *sorted(walk.unknown), *sorted(walk.of_embedded)]


def pruned(type_: Type, value: Any) -> Any:
    """A copy of `value` without unknown fields and with defaults: for judging declared defaults."""
    return _Prune().value(type_, value, "", keep=type_.preserve_unknown)


class _Prune:
    def __init__(self) -> None:
        self.unknown: list[str] = []
        self.of_metadata: list[str] = []
        self.of_embedded: list[str] = []

    def value(self, type_: Type | None, value: Any, path: str, *, keep: bool) -> Any:
        """A fresh copy; `keep` says that unknown fields stay (an ancestor list or this schema preserves them)."""
        if value.__class__ is dict:
            return self._object(type_, value, path, keep=keep)
        if value.__class__ is list:
            element = type_.element if type_ is not None and type_.form == "list" else None
            return [self._item(element, item, f"{path}[{index}]", keep=keep) for index, item in enumerate(value)]
        return value

    def _item(self, element: Type | None, item: Any, path: str, *, keep: bool) -> Any:
        if item is None and element is not None and not element.nullable:
            item = element.schema.get("default")
        if element is None and keep:
            return copy_json(item)
        return self.value(element, item, path, keep=keep or (element is not None and element.preserve_unknown))

    def _object(self, type_: Type | None, value: Object, path: str, *, keep: bool) -> Object:
        fields = type_.fields if type_ is not None else {}
        additional = type_.element if type_ is not None and type_.form in {"map", "struct"} else None
        embedded = type_ is not None and type_.embedded
        out: Object = {}
        for key, item in value.items():
            below = f"{path}.{key}" if path else key
            field = fields.get(key)
            if path and embedded and key in TYPE_META:
                out[key] = self._type_meta(key, item, below)
                continue
            child = field.type if field is not None else additional
            if child is None:
                if keep:
                    out[key] = copy_json(item)
                else:
                    self.unknown.append(below)
                continue
            if item is None and not child.nullable:
                item = child.schema.get("default")
                if item is None:
                    continue
            out[key] = self.value(child, item, below, keep=child.preserve_unknown)
        for key, field in fields.items():
            if key not in out and field.default is not ABSENT:
                # A default may be given defaults of its own, and is known to be pruned.
                out[key] = pruned(field.type, field.default)
        return out

    def _type_meta(self, key: str, item: Any, path: str) -> Any:
        """apiVersion, kind or metadata of an embedded resource."""
        if key != "metadata":
            if item.__class__ is not str:
                raise DecodeError(str(invalid(path, item, "must be a string")))
            return item
        from steersman.api.schema.builtin import type_of  # noqa: PLC0415 - only embedded resources need it

        walk = Walk()
        try:
            made = walk.run(type_of("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"), item)
        except DecodeError as error:
            raise DecodeError(str(invalid(path, item, str(error)))) from None
        self.of_embedded += [f"{path}.{unknown}" for unknown in walk.unknown]
        return made

"""The shapes of Kubernetes' own resources, built from compact package data when they are first asked for.

`builtin.json` is written by `scripts/schema_data`, whose header explains the format. `type_of` gives Types, `raw` the
OpenAPI v3 schema of one definition (without descriptions), `names` all definitions. What is built is shared and
read-only.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.schema.model import ABSENT, Field, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.schema.model import Form

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_APIEXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
_SPECIAL: dict[str, Form] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
    _META + "Time": "time",
    _META + "MicroTime": "microtime",
    _META + "Duration": "duration",
    _META + "FieldsV1": "any",
    _APIEXTENSIONS + "JSON": "any",
    _APIEXTENSIONS + "JSONSchemaPropsOrArray": "union",
    _APIEXTENSIONS + "JSONSchemaPropsOrBool": "union",
    _APIEXTENSIONS + "JSONSchemaPropsOrStringArray": "union",
}
_ALTERNATIVES: dict[str, frozenset[Any]] = {
    "JSONSchemaPropsOrArray": frozenset({"objects"}),
    "JSONSchemaPropsOrBool": frozenset({"bool"}),
    "JSONSchemaPropsOrStringArray": frozenset({"strings"}),
}
_SCALARS: dict[str, Form] = {"string": "string", "boolean": "bool", "number": "number"}
# Upstream stores everything else as protobuf, which cannot tell an empty list from none.
_STORED_AS_JSON = ("io.k8s.apiextensions-apiserver.", "io.k8s.kube-aggregator.")


def schema(name: str) -> Callable[[], Type]:
    """A callable that gives the Type of definition `name` (`io.k8s.api.core.v1.Pod`): built once, then shared."""
    return partial(type_of, name)


def type_of(name: str) -> Type:
    """The Type of a definition. Raises KeyError for a name that is not in `names()`."""
    return _registry().type_of(name)


def names() -> tuple[str, ...]:
    """All definitions, sorted."""
    return tuple(_registry().data)


def raw(name: str) -> dict[str, Any]:
    """The OpenAPI v3 schema of a definition as upstream serves it, descriptions left out; a fresh value."""
    return expand(_registry().data[name]["s"])


@cache
def _registry() -> _Registry:
    return _Registry(orjson.loads(Path(__file__).with_name("builtin.json").read_bytes()))


def _reference(text: str) -> str:
    """`$~core.v1.Pod`, `@^ObjectMeta{}` -> the definition's name."""
    return text[1:].removesuffix("{}").replace("~", "io.k8s.api.", 1).replace("^", _META, 1)


def expand(short: dict[str, Any] | str) -> dict[str, Any]:
    """Undo the generator's shortening of one schema."""
    if isinstance(short, str):
        if short[0] in "$@":
            ref = {"$ref": "#/components/schemas/" + _reference(short)}
            full: dict[str, Any] = ref if short[0] == "$" else {"allOf": [ref]}
            return full | {"default": {}} if short.endswith("{}") else full
        return {"type": "integer", "format": short} if short in {"int32", "int64"} else {"type": short}
    out: dict[str, Any] = {}
    for key, value in short.items():
        if key == "$":
            out.update(expand(value))
        elif key == "properties":
            out[key] = {name: expand(inner) for name, inner in value.items()}
        elif key in {"items", "additionalProperties"}:
            out[key] = expand(value)
        elif key == "x-group-version-kind":
            kinds = (kind.split("/") for kind in value)
            out["x-kubernetes-group-version-kind"] = [{"group": g, "version": v, "kind": k} for g, v, k in kinds]
        elif key in {"enum", "required", "x-list-map-keys", "oneOf", "x-unions"}:
            out[key.replace("x-", "x-kubernetes-", 1) if key.startswith("x-") else key] = list(value)
        else:
            out["x-kubernetes-" + key[2:] if key.startswith("x-") else key] = value
    return out


class _Registry:
    """Data and the Types built so far."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._types: dict[str, Type] = {}

    def type_of(self, name: str) -> Type:
        known = self._types.get(name)
        if known is not None:
            return known
        entry = self.data[name]
        go_name = ".".join(name.rsplit(".", 2)[1:])
        special = _SPECIAL.get(name)
        if special is not None:
            made = self._types[name] = Type(special, name=name, go_name=go_name)
            if special == "union":
                made.alternatives = _ALTERNATIVES[name.rsplit(".", 1)[-1]]
                made.element = self.type_of(_APIEXTENSIONS + "JSONSchemaProps")
            return made
        made = self._types[name] = Type("struct", name=name, go_name=go_name)
        made.keep_empty = name.startswith(_STORED_AS_JSON)
        short = entry["s"]
        if not isinstance(short, str):  # a bare "object" has no fields
            if short.get("x-map-type") == "atomic":
                made.map_type = "atomic"
            go, required = entry.get("g", {}), frozenset(short.get("required", ()))
            made.fields = {
                key: self._field(key, inner, go.get(key), required=key in required)
                for key, inner in short.get("properties", {}).items()
            }
        return made

    def _field(self, key: str, short: dict[str, Any] | str, fact: str | None, *, required: bool) -> Field:
        flags, go_type, go_path = "e", "string", ""
        if fact is not None:
            flags, go_type, *rest = fact.split(" ")
            go_path = rest[0] if rest else ""
        elif key in {"apiVersion", "kind"}:
            go_path = "TypeMeta"
        pointer = "*" in flags
        made = Field(
            self._type(short, go_type),
            pointer=pointer,
            omitempty="e" in flags,
            omitzero="z" in flags,
            required=required,
            go_path=go_path,
        )
        if not isinstance(short, str):
            # Zero defaults of plain fields only say what Go's zero value says anyway.
            default = short.get("default", ABSENT)
            if default is not ABSENT and (default or pointer) and default != {}:
                made.default = default
            made.enum = tuple(short.get("enum", ()))
            made.merge_key = short.get("x-patch-merge-key", "")
            strategy = short.get("x-patch-strategy", "")
            made.patch_strategy = tuple(strategy.split(",")) if strategy else ()
        return made

    def _type(self, short: dict[str, Any] | str, go_type: str) -> Type:
        ref = short if isinstance(short, str) else short.get("$")
        if ref and ref[0] in "$@":
            found = self.type_of(_reference(ref))
            # A field may override how its type merges (the claimRef of a PersistentVolume).
            override: Any = "" if isinstance(short, str) else short.get("x-map-type", "")
            return replace(found, map_type=override) if override and override != found.map_type else found
        if isinstance(short, str):
            short = expand(short)
        kind = short["type"]
        if kind == "integer":
            return Type("int32" if short.get("format") == "int32" else "int64", go_name=go_type)
        if kind == "string" and short.get("format") == "byte":
            return Type("bytes", go_name="[]uint8")
        if kind in _SCALARS:
            return Type(_SCALARS[kind], go_name=go_type)
        named, _, underlying = go_type.partition("=")
        if go_type.startswith(("[]", "map[")):
            underlying = go_type
        if kind == "array":
            element_go = underlying[2:].lstrip("*")
            made = Type("list", go_name=named, element=self._type(short["items"], element_go))
            made.list_type = short.get("x-list-type", "atomic")
            made.map_keys = tuple(short.get("x-list-map-keys", ()))
            return made
        element_go = underlying.partition("]")[2].lstrip("*")
        made = Type("map", go_name=named, element=self._type(short["additionalProperties"], element_go))
        made.map_type = short.get("x-map-type", "granular")
        return made

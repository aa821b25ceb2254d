"""What a webhook's patch makes of an object: patched, then decoded and defaulted as if a client had sent it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.schema.builtin import type_of
from steersman.api.schema.decode import DecodeError, decode
from steersman.api.schema.empties import forget_empties
from steersman.apiserver.admission.webhook.equivalents import is_own_kind
from steersman.apiserver.codec.malformed import Malformed, type_meta
from steersman.apiserver.patch.errors import PatchError
from steersman.apiserver.patch.json_patch import apply_json_patch

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.api.schema.model import Type


def patched(obj: Object, patch: list[Any], resource: Resource, now: datetime) -> tuple[Object, bool]:
    """(a new object, whether it differs from `obj` beyond defaults). `resource`: the version that `obj` is in.

    Raises ValueError with Go's words for what is wrong with the patch, or with what it makes.
    """
    own = is_own_kind(obj, resource)
    type_ = resource.schema() if own else _type_of(obj)
    try:
        value = apply_json_patch(obj, patch)
        found, wanted = type_meta(value), (obj["apiVersion"], obj["kind"])
        if found != wanted:
            raise ValueError(f"{found[0]}, Kind={found[1]} is no {wanted[0]}, Kind={wanted[1]}")
        made = decode(type_, value).object if type_ is not None else orjson.loads(orjson.dumps(value))
    except (PatchError, DecodeError, Malformed) as error:
        raise ValueError(str(error)) from None
    made["apiVersion"], made["kind"] = wanted
    if type_ is not None:
        forget_empties(type_, made)
    changed = made != _normal(type_, obj)
    if own:
        strategy = resource.strategy
        if strategy.default is not None:
            strategy.default(made)
        if strategy.default_moments is not None:
            strategy.default_moments(made, now)
    return made, changed


def _normal(type_: Type | None, obj: Object) -> Object:
    """As `made` would be without a patch."""
    if type_ is None:
        return obj
    same = decode(type_, obj).object
    same["apiVersion"], same["kind"] = obj["apiVersion"], obj["kind"]
    forget_empties(type_, same)
    return same


def _type_of(obj: Object) -> Type | None:
    """Of a kind that only a subresource speaks; the options of connections have none."""
    group, _, version = str(obj["apiVersion"]).rpartition("/")
    try:
        return type_of(f"io.k8s.api.{group.partition('.')[0] or 'core'}.{version}.{obj['kind']}")
    except KeyError:
        return None

"""scale: the number of replicas of any resource whose record says where it is, as an autoscaling/v1 Scale.

Reads and writes: the scaled object, through its own strategy, as if the client had changed the field there. Admission
sees Scales. Field ownership is translated both ways (`patch/scale.py`). Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.columns import AGE, at
from steersman.api.errors import BadRequest, Conflict, InternalError, Invalid, NotFound, go_quote
from steersman.api.meta.label_selector import compile_selector
from steersman.api.meta.object_meta import nonnegative, validate_managed_fields
from steersman.api.resource import Column, Resource, Scale, Scope
from steersman.api.schema.builtin import schema
from steersman.apiserver import body, respond
from steersman.apiserver.codec.malformed import Malformed, type_meta
from steersman.apiserver.codec.negotiate import body_media, patch_type
from steersman.apiserver.objects import ObjectIndex
from steersman.apiserver.patch.errors import PatchError, to_api_error
from steersman.apiserver.patch.managed_fields import stamp_update
from steersman.apiserver.patch.scale import SCALE_VERSION, to_parent, to_scale
from steersman.apiserver.resources import Served
from steersman.apiserver.verbs.get import reach_asked_version, seen
from steersman.apiserver.verbs.naming import check_name, fit_namespace
from steersman.apiserver.verbs.patch import applying, check_options, patching
from steersman.apiserver.write import Lens

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.apiserver.body import Expected
    from steersman.apiserver.call import Call
    from steersman.apiserver.options import WriteOptions
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response

_APPLY = "application/apply-patch+yaml"
_FORMER = frozenset({"extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"})
"""Versions in which Scale exists, but which no path takes any more."""
_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_UNSET = -(2**31)
"""Upstream's mark for the replicas of a custom object that has none: a patch has to give them."""


def _scales(scope: Scope) -> Resource:
    return Resource(
        group="autoscaling",
        version="v1",
        kind="Scale",
        plural="scales",
        scope=scope,
        schema=schema("io.k8s.api.autoscaling.v1.Scale"),
        columns=(
            Column("Name", "string", lambda obj, _now: at(obj, "metadata", "name", default="")),
            Column("Desired", "integer", lambda obj, _now: at(obj, "spec", "replicas", default=0)),
            Column("Available", "integer", lambda obj, _now: at(obj, "status", "replicas", default=0)),
            AGE,
        ),
        ephemeral=True,
    )


class Scales:
    """Serves every `scale` subresource."""

    def __init__(self) -> None:
        resources = {scope: _scales(scope) for scope in Scope}
        self._served = {scope: Served(resource, None, ObjectIndex(resource)) for scope, resource in resources.items()}

    async def serve(self, call: Call, service: Service) -> Response:
        """Raises NotFound, Conflict, Invalid, BadRequest, and what admission says."""
        inner = replace(call, served=self._served[call.served.resource.scope])
        scaled = _Scaled(call.served.resource, _description(call), call.info.name)
        if call.info.verb == "get":
            return await _get(call, inner, service, scaled)
        if call.info.verb == "update":
            return await _update(call, inner, service, scaled)
        return await _patch(call, inner, service, scaled)


def _description(call: Call) -> Scale:
    return (call.subresource and call.subresource.scale) or Scale()


@dataclass(frozen=True, slots=True)
class _Scaled:
    """An object's resource, where its numbers are, and the name that it goes by."""

    resource: Resource
    scale: Scale
    name: str

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        return {self.resource.api_version: self.scale.replicas}

    def scale_of(self, obj: Object) -> Object:
        """The Scale of an object, in normal form, without managedFields."""
        replicas = at(obj, *self.scale.replicas, default=0)
        status: Object = {"replicas": at(obj, *self.scale.status_replicas, default=0)}
        if selector := self._selector(obj):
            status["selector"] = selector
        metadata = obj["metadata"]
        return {
            "kind": "Scale",
            "apiVersion": SCALE_VERSION,
            "metadata": {name: metadata[name] for name in _METADATA if name in metadata},
            "spec": {"replicas": replicas} if replicas else {},
            "status": status,
        }

    def _selector(self, obj: Object) -> str:
        if self.scale.selector is not None:
            return self.scale.selector(obj)
        return str(compile_selector(at(obj, "spec", "selector")))

    def has_replicas(self, obj: Object) -> bool:
        """Only custom objects can lack the field."""
        return not self.resource.custom or at(obj, *self.scale.replicas) is not None

    def put(self, scale: Object, obj: Object) -> None:
        """Change the object as its Scale says; what holds the number is copied, as others may share it."""
        holder: Any = obj
        for name in self.scale.replicas[:-1]:
            holder[name] = dict(holder.get(name) or {})
            holder = holder[name]
        holder[self.scale.replicas[-1]] = at(scale, "spec", "replicas", default=0)

    def field(self) -> str:
        return go_quote("." + ".".join(self.scale.replicas))

    def transform(self, change: Callable[[Object], Object]) -> Callable[[Object | None], Object]:
        """What makes the new object of the old one, out of what makes the new Scale of the old one."""

        def transformed(old: Object | None) -> Object:
            resource = self.resource
            if old is None:
                # Upstream's built-in resources notice it in another place than custom ones.
                plural = resource.plural if resource.custom else f"{resource.plural}/scale"
                raise NotFound.of(resource.group, plural, self.name)
            metadata = old["metadata"]
            before = self.scale_of(old)
            if owners := to_scale(metadata.get("managedFields"), self.paths):
                before["metadata"]["managedFields"] = owners
            if not self.has_replicas(old):
                before["spec"]["replicas"] = _UNSET
            after = change(before)
            self._judge(after, old)
            new = {**old, "metadata": dict(metadata)}
            self.put(after, new)
            # A Scale without a version is for whatever version the object has.
            if version := after["metadata"].get("resourceVersion"):
                new["metadata"]["resourceVersion"] = version
            given, owned = metadata.get("managedFields"), after["metadata"].get("managedFields")
            owners = to_parent(given, owned, api_version=resource.api_version, replicas=self.paths)
            new["metadata"].pop("managedFields", None)
            if owners:
                new["metadata"]["managedFields"] = owners
            return new

        return transformed

    def _judge(self, scale: Object, old: Object) -> None:
        """Raises Invalid, Conflict, BadRequest."""
        replicas = at(scale, "spec", "replicas", default=0)
        resource, metadata, name = self.resource, scale["metadata"], old["metadata"]["name"]
        if resource.custom:
            if replicas == _UNSET:
                raise BadRequest(f"the spec replicas field {self.field()} cannot be empty")
            return
        errors = validate_managed_fields(metadata.get("managedFields") or (), "metadata.managedFields")
        errors += nonnegative(replicas, "spec.replicas")
        if errors:
            raise Invalid.of("autoscaling", "Scale", name, errors)
        uid, known = metadata.get("uid"), old["metadata"]["uid"]
        if uid and uid != known:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {known}"
            raise Conflict.of(resource.group, f"{resource.plural}/scale", name, why)


async def _get(call: Call, inner: Call, service: Service, scaled: _Scaled) -> Response:
    await reach_asked_version(call, service)
    served, info = call.served, call.info
    entry = served.entry(info.namespace, info.name)
    if entry is None:
        raise NotFound.of(served.resource.group, served.resource.plural, info.name)
    obj = served.object(await seen(call, entry))
    if not scaled.has_replicas(obj):
        raise InternalError(f"Internal error occurred: the spec replicas field {scaled.field()} does not exist")
    return respond.one(inner, orjson.dumps(scaled.scale_of(obj)))


async def _update(call: Call, inner: Call, service: Service, scaled: _Scaled) -> Response:
    options = call.write_options("UpdateOptions")
    expected = inner.expected()
    media = body_media(call.request.headers.get("content-type"), custom=call.served.resource.custom)
    given = _read(inner, service, expected, media, options)
    fit_namespace(inner, given)
    check_name(inner, given)

    def change(before: Object) -> Object:
        after = {**given, "metadata": dict(given["metadata"])}
        _stamp(inner, options, before, after)
        return after

    return await _write(call, inner, service, scaled, options, change, uid=given["metadata"].get("uid") or None)


def _read(inner: Call, service: Service, expected: Expected, media: str, options: WriteOptions) -> Object:
    raw = inner.request.body
    strict = options.field_validation != "Ignore"
    parsed = body.parse(raw, media, expected, find_duplicates=strict, protobuf=service.protobuf)
    try:
        version, kind = type_meta(parsed.value)
    except Malformed:
        version, kind = "", ""
    if kind == "Scale" and version in _FORMER:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({SCALE_VERSION})"
        )
    return body.from_value(
        parsed,
        expected,
        raw=raw,
        validation=options.field_validation,
        warnings=inner.warnings,
        kinds=service.kinds,
    )


async def _patch(call: Call, inner: Call, service: Service, scaled: _Scaled) -> Response:
    media = patch_type(call.request.headers.get("content-type"), custom=call.served.resource.custom)
    options = call.write_options("PatchOptions")
    applies = media == _APPLY
    check_options(options, applies=applies)
    try:
        patched = applying(inner, options) if applies else patching(inner, service, media, options)
    except PatchError as error:
        raise to_api_error(error) from None

    def change(before: Object) -> Object:
        if applies:
            return patched(before)
        after = patched(before)
        _stamp(inner, options, before, after)
        return after

    return await _write(call, inner, service, scaled, options, change)


def _stamp(inner: Call, options: WriteOptions, before: Object, after: Object) -> None:
    write = inner.write(options, "")
    stamp_update(
        old=before,
        new=after,
        type_=inner.served.resource.schema(),
        manager=write.manager,
        api_version=SCALE_VERSION,
        subresource="scale",
        now=inner.now,
    )


async def _write(
    call: Call,
    inner: Call,
    service: Service,
    scaled: _Scaled,
    options: WriteOptions,
    change: Callable[[Object], Object],
    *,
    uid: str | None = None,
) -> Response:
    write = call.write(options, "PatchOptions" if call.info.verb == "patch" else "UpdateOptions")
    write.lens = Lens(get=scaled.scale_of, put=scaled.put)
    transform = scaled.transform(change)
    # That there is no such object is for `transform` to say; none is ever created.
    written = await service.pipeline.update(write, transform, own_fields=False, create_on_absent=True, uid=uid)
    return respond.one(inner, orjson.dumps(scaled.scale_of(orjson.loads(written.json))))

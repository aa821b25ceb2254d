"""The documents of OpenAPI as streams of pieces, so that making one can pause wherever a piece ends.

A document is made of `Chapter`s, one for each path below `/openapi/v3/`. Version 3 publishes each for itself, version 2
all of them together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from steersman import KUBERNETES_VERSION, __version__
from steersman.api.schema import builtin
from steersman.apiserver.openapi import custom, v2, v3
from steersman.apiserver.openapi.merge import merge, with_kinds
from steersman.apiserver.openapi.names import VERSION_INFO
from steersman.apiserver.openapi.operations import (
    JSON,
    Batch,
    Operation,
    group_operations,
    group_version_operations,
    root_operations,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.openapi.merge import Spec

    Describe = Callable[[str, Object], None]

FORMAT = 1
"""Raise it whenever documents made from the same resources look different: clients keep documents for good, by the
hash.
"""
_INFO: Object = {"title": "Kubernetes", "version": ".".join(KUBERNETES_VERSION.removeprefix("v").split(".")[:2])}
_CUSTOM_INFO: Object = {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What is described together."""

    path: str
    """Below `/openapi/v3/`: `api/v1`, `apis/apps/v1`, `version`."""
    operations: Callable[[], Iterable[Batch]]
    resources: tuple[Resource, ...] = ()
    custom: bool = False
    facts: tuple[bytes, ...] = field(default=(), repr=False)
    """What sets it apart from chapters of the same path: `facts_of` each resource."""

    def fingerprint(self, source: str) -> str:
        """Upper-case hexadecimal SHA-512, as upstream's are; the same if and only if the document is. `source` names
        where descriptions come from.
        """
        digest = hashlib.sha512(f"{FORMAT} {__version__} {KUBERNETES_VERSION} {source} {self.path}\n".encode())
        for fact in self.facts:
            digest.update(fact)
        return digest.hexdigest().upper()


def facts_of(resource: Resource) -> bytes:
    """A digest of everything about a resource that its documents depend on."""
    facts = [
        resource.group,
        resource.version,
        resource.kind,
        resource.list_kind,
        resource.plural,
        resource.scope,
        resource.verbs,
        resource.strategy.delete_returns_object,
        [(sub.name, sub.verbs, sub.group, sub.version, sub.kind) for sub in resource.subresources],
    ]
    if resource.custom:
        facts += [[label for label, _ in resource.selectable], resource.openapi() if resource.openapi else None]
    return hashlib.sha256(orjson.dumps(facts)).digest()


def chapters(resources: Iterable[tuple[Resource, bytes]]) -> list[Chapter]:
    """All chapters, from resources and their `facts_of`."""
    groups: dict[tuple[str, str], list[tuple[Resource, bytes]]] = {}
    for resource, facts in resources:
        groups.setdefault((resource.group, resource.version), []).append((resource, facts))
    out = [
        Chapter(path="apis", operations=root_operations),
        Chapter(path="version", operations=_version_operations),
        Chapter(path="openid/v1/jwks", operations=_key_operations),
        Chapter(path=".well-known/openid-configuration", operations=_issuer_operations),
    ]
    named = set()
    for (group, version), members in groups.items():
        records = tuple(resource for resource, _ in members)
        is_custom = all(resource.custom for resource in records)
        out.append(
            Chapter(
                path=f"apis/{group}/{version}" if group else f"api/{version}",
                operations=_Bound(group, version, records),
                resources=records,
                custom=is_custom,
                facts=tuple(facts for _, facts in members),
            )
        )
        if group not in named and not is_custom:
            named.add(group)
            path = f"apis/{group}" if group else "api"
            out.append(Chapter(path=path, operations=_BoundGroup(group)))
    return out


@dataclass(frozen=True, slots=True)
class _Bound:
    group: str
    version: str
    resources: tuple[Resource, ...]

    def __call__(self) -> Iterable[Batch]:
        return group_version_operations(self.group, self.version, self.resources)


@dataclass(frozen=True, slots=True)
class _BoundGroup:
    group: str

    def __call__(self) -> Iterable[Batch]:
        return group_operations(self.group)


def _version_operations() -> Iterable[Batch]:
    return [[_page("/version/", "getCodeVersion", "version", result=VERSION_INFO, consumes=(JSON,))]]


def _key_operations() -> Iterable[Batch]:
    name = "getServiceAccountIssuerOpenIDKeyset"
    return [[_page("/openid/v1/jwks/", name, "openid", produces=("application/jwk-set+json",))]]


def _issuer_operations() -> Iterable[Batch]:
    name = "getServiceAccountIssuerOpenIDConfiguration"
    return [[_page("/.well-known/openid-configuration/", name, "WellKnown")]]


def _page(
    path: str,
    name: str,
    tag: str,
    *,
    result: str = "",
    produces: tuple[str, ...] = (JSON,),
    consumes: tuple[str, ...] = (),
) -> Operation:
    return Operation(path=path, method="get", id=name, tag=tag, result=result, produces=produces, consumes=consumes)


_COMMON = ("apiVersion", "kind", "metadata")
_PLAIN_OBJECT, _PLAIN_LIST = "io.k8s.api.core.v1.Pod", "io.k8s.api.core.v1.PodList"


class _Schemas:
    """Definitions, found by following references."""

    def __init__(self, *, old: bool, describe: Describe) -> None:
        self._old = old
        self._describe = describe
        self._custom: Object = {}
        self._known = frozenset(builtin.names())

    def add(self, resource: Resource) -> None:
        """Know the definitions of a custom resource."""
        reference = v2.REFERENCE if self._old else v3.REFERENCE
        made = custom.definitions(resource, reference, old=self._old)
        # What all objects have in common is described in the words of a kind that is an object and nothing more.
        for schema, model in zip(made.values(), (_PLAIN_OBJECT, _PLAIN_LIST), strict=True):
            properties = schema.get("properties") or {}
            self._describe(model, {"properties": {key: properties[key] for key in _COMMON if key in properties}})
        self._custom.update(made)

    def find(self, name: str) -> Object | None:
        """The definition of a name, if there is one."""
        if name in self._custom:
            return dict(self._custom[name])
        return self._builtin(name) if name in self._known else None

    def _builtin(self, name: str) -> Object:
        schema = builtin.raw(name)
        self._describe(name, schema)
        return v2.downgraded(schema) if self._old else schema

    def closure(self, wanted: Iterable[str]) -> Iterator[tuple[str, Object]]:
        """The definitions `wanted`, and those that they need, each once."""
        waiting, seen = sorted(set(wanted), reverse=True), set()
        known = self._known
        while waiting:
            name = waiting.pop()
            if name in seen or (name not in self._custom and name not in known):
                continue
            seen.add(name)
            schema = self._custom.pop(name, None) or self._builtin(name)
            waiting.extend(v3.references(schema))
            yield name, schema


def info_of(chapter: Chapter) -> Object:
    """The head of a chapter's document."""
    return _CUSTOM_INFO if chapter.custom else _INFO


def parts_v3(chapter: Chapter, describe: Describe) -> Iterator[tuple[str, str, Object]]:
    """Section, name and value of everything in a chapter's document; the sections come one after the other."""
    schemas = _Schemas(old=False, describe=describe)
    wanted: set[str] = set()
    for batch in chapter.operations():
        for path, item in v3.path_items(_noted(batch, wanted)):
            yield "paths", path, item
    for resource in chapter.resources:
        if resource.custom:
            schemas.add(resource)
    for name, schema in schemas.closure(wanted):
        yield "schemas", name, schema
    if not chapter.custom:
        for name, scheme in v3.SECURITY.items():
            yield "securitySchemes", name, scheme


def pieces_v3(info: Object, parts: Iterable[tuple[str, str, Object]]) -> Iterator[bytes]:
    """A document as JSON, in pieces, from its head and what `parts_v3` gives."""
    yield b'{"openapi":"3.0.0","info":' + orjson.dumps(info) + b',"paths":{'
    section, separator = "paths", b""
    for part, name, value in parts:
        if part != section:
            yield b'%s"%s":{' % (b'},"components":{' if section == "paths" else b"},", part.encode())
            section, separator = part, b""
        yield separator + orjson.dumps(name) + b":" + orjson.dumps(value)
        separator = b","
    yield b"}}" if section == "paths" else b"}}}"


def parts_v2(
    all_chapters: Iterable[Chapter], describe: Describe, others: Sequence[Spec] = ()
) -> Iterator[tuple[str, str, Object]]:
    """Section, name and value of everything in the one document; the sections come one after the other. `others`: of
    other servers, made a part of it.
    """
    parameters: Object = {}
    wanted: set[str] = set()
    paths: set[str] = set()
    schemas = _Schemas(old=True, describe=describe)
    for chapter in all_chapters:
        for batch in chapter.operations():
            for path, item in v2.path_items(_noted(batch, wanted), parameters):
                paths.add(path)
                yield "paths", path, item
        for resource in chapter.resources:
            if resource.custom:
                schemas.add(resource)
    added = merge(others, paths, schemas.find, parameters)
    for path, item in added.spec.paths.items():
        yield "paths", path, item
    wanted.update(added.kinds)
    for name, schema in schemas.closure(wanted):
        yield "definitions", name, with_kinds(schema, added.kinds[name]) if name in added.kinds else schema
    for name, schema in added.spec.definitions.items():
        yield "definitions", name, schema
    parameters.update(added.spec.parameters)
    for name in sorted(parameters):
        yield "parameters", name, parameters[name]


def pieces_v2(parts: Iterable[tuple[str, str, Object]]) -> Iterator[bytes]:
    """The document as JSON, in pieces, from what `parts_v2` gives."""
    yield b'{"swagger":"2.0","info":' + orjson.dumps(_INFO)
    section, separator = "", b""
    for part, name, value in parts:
        if part != section:
            yield b'%s,"%s":{' % (b"}" if section else b"", part.encode())
            section, separator = part, b""
        yield separator + orjson.dumps(name) + b":" + orjson.dumps(value)
        separator = b","
    yield b"}," + orjson.dumps(v2.SECURITY)[1:]


def info_v2() -> Object:
    """The head of the one document."""
    return _INFO


def _noted(operations: Iterable[Operation], wanted: set[str]) -> Iterator[Operation]:
    for operation in operations:
        wanted.update(name for name in (operation.result, operation.reads) if name)
        yield operation

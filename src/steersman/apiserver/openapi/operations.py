"""The operations that a group version offers, derived from its resources; neither version of OpenAPI is known here.

Upstream describes the deprecated watch paths, too, and custom resources more briefly than its own: fewer media types,
no watch paths, and every parameter of a deletion's list options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.apiserver.openapi.names import META, custom_definition_name, definition_name, operation_id, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.resource import Resource, Subresource

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_OBJECT = (JSON, YAML, PROTOBUF)
_LIST = (*_OBJECT, f"{JSON};stream=watch", f"{PROTOBUF};stream=watch")
_CUSTOM = (JSON, YAML)
ANY = ("*/*",)
_PATCH = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
_CUSTOM_PATCH = tuple(media for media in _PATCH if "strategic" not in media)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation; path parameters are required."""

    name: str
    type: str = "string"
    where: str = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    path: str
    method: str
    """Lower case."""
    id: str
    tag: str
    produces: tuple[str, ...]
    result: str
    """Name of the definition that it answers with; empty: text."""
    codes: tuple[int, ...] = (200,)
    parameters: tuple[Parameter, ...] = ()
    consumes: tuple[str, ...] = ANY
    reads: str = ""
    """Name of the definition of the request's body; empty: none."""
    reads_required: bool = True
    action: str = ""
    kind: tuple[str, str, str] | None = None
    """Group, version and kind."""


Batch = Sequence[Operation]
"""All operations of some paths: whoever lays them out can pause between batches."""


def _parameters(**types: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, kind) for name, kind in types.items())


_NAME = Parameter("name", where="path")
_NAMESPACE = Parameter("namespace", where="path")
_PATH = Parameter("path", where="path")
_PRETTY = Parameter("pretty")
_SELECTION = _parameters(
    fieldSelector="string",
    labelSelector="string",
    limit="integer",
    resourceVersion="string",
    resourceVersionMatch="string",
    sendInitialEvents="boolean",
    shardSelector="string",
    timeoutSeconds="integer",
)
_LISTING = (Parameter("continue"), *_SELECTION)
_WATCHING = (*_LISTING, *_parameters(allowWatchBookmarks="boolean", watch="boolean"))
_WRITING = _parameters(dryRun="string", fieldManager="string", fieldValidation="string")
_DELETING = _parameters(
    dryRun="string",
    gracePeriodSeconds="integer",
    ignoreStoreReadErrorWithClusterBreakingPotential="boolean",
    orphanDependents="boolean",
    propagationPolicy="string",
)
_STREAMS = _parameters(container="string", stderr="boolean", stdin="boolean", stdout="boolean", tty="boolean")
_LOG = _parameters(
    container="string",
    follow="boolean",
    insecureSkipTLSVerifyBackend="boolean",
    limitBytes="integer",
    previous="boolean",
    sinceSeconds="integer",
    stream="string",
    tailLines="integer",
    timestamps="boolean",
)
_CONNECT = {
    "attach": _STREAMS,
    "exec": (Parameter("command"), *_STREAMS),
    "portforward": _parameters(ports="integer"),
    "proxy": (Parameter("path"),),
}
_PROXY_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


def group_version_operations(group: str, version: str, resources: Iterable[Resource]) -> Iterator[Batch]:
    """Everything below `/apis/<group>/<version>/`, resource by resource."""
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    custom = True
    for resource in resources:
        custom = custom and resource.custom
        yield list(_Maker(root, resource).operations())
    if not custom:
        name = operation_id("get", group, version, "APIResources")
        yield [_document(f"{root}/", name, tag(group, version), "APIResourceList")]


def group_operations(group: str) -> Iterator[Batch]:
    """The documents about a group; "" means the root `/api/`."""
    if group:
        yield [_document(f"/apis/{group}/", operation_id("get", group, "", "APIGroup"), tag(group), "APIGroup")]
    else:
        yield [_document("/api/", operation_id("get", "", "", "APIVersions"), tag(""), "APIVersions")]


def root_operations() -> Iterator[Batch]:
    """The list of groups."""
    yield [_document("/apis/", "getAPIVersions", "apis", "APIGroupList")]


def _document(path: str, operation: str, tag_: str, result: str) -> Operation:
    return Operation(
        path=path, method="get", id=operation, tag=tag_, produces=_OBJECT, consumes=_OBJECT, result=META + result
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A path and what its operations have in common."""

    path: str
    parameters: tuple[Parameter, ...]
    noun: str
    """How operation ids name it: `NamespacedPodStatus`."""
    suffix: str = ""
    kind: tuple[str, str, str]
    definition: str


class _Maker:
    """The operations of one resource."""

    def __init__(self, root: str, resource: Resource) -> None:
        self._root = root
        self._resource = resource
        self._tag = tag(resource.group, resource.version)
        self._name = custom_definition_name if resource.custom else definition_name
        self._object = _CUSTOM if resource.custom else _OBJECT
        self._list = _CUSTOM if resource.custom else _LIST
        kind = (resource.group, resource.version, resource.kind)
        scoped = resource.namespaced
        self._collection = _Place(
            path=f"{root}/namespaces/{{namespace}}/{resource.plural}" if scoped else f"{root}/{resource.plural}",
            parameters=(_NAMESPACE, _PRETTY) if scoped else (_PRETTY,),
            noun=("Namespaced" if scoped else "") + resource.kind,
            kind=kind,
            definition=self._name(*kind),
        )

    def operations(self) -> Iterator[Operation]:
        resource, place, verbs = self._resource, self._collection, self._resource.verbs
        everywhere = self._place(f"{self._root}/{resource.plural}", (_PRETTY,), resource.kind, "ForAllNamespaces")
        if "list" in verbs:
            yield self._list_of(place)
            if resource.namespaced:
                yield self._list_of(everywhere)
        if "create" in verbs:
            yield self._create(place)
        if "deletecollection" in verbs:
            yield self._delete_collection(place)
        one = self._place(f"{place.path}/{{name}}", (_NAME, *place.parameters), place.noun)
        yield from self._object_operations(one, verbs)
        for sub in resource.subresources:
            yield from self._subresource(one, sub)
        if "watch" in verbs and not resource.custom:
            yield self._watch("watchlist", place, "List")
            if resource.namespaced:
                yield self._watch("watchlist", everywhere, "List")
            yield self._watch("watch", one, "")

    def _place(self, path: str, parameters: tuple[Parameter, ...], noun: str, suffix: str = "") -> _Place:
        base = self._collection
        return _Place(
            path=path, parameters=parameters, noun=noun, suffix=suffix, kind=base.kind, definition=base.definition
        )

    def _operation(
        self,
        place: _Place,
        method: str,
        action: str,
        word: str,
        parameters: tuple[Parameter, ...],
        *,
        result: str | None = None,
        codes: tuple[int, ...] = (200,),
        produces: tuple[str, ...] | None = None,
        consumes: tuple[str, ...] | None = None,
        reads: str = "",
        reads_required: bool = True,
    ) -> Operation:
        resource = self._resource
        return Operation(
            path=place.path,
            method=method,
            id=operation_id(word, resource.group, resource.version, place.noun + place.suffix),
            tag=self._tag,
            produces=self._object if produces is None else produces,
            consumes=consumes or (_CUSTOM if resource.custom else ANY),
            result=place.definition if result is None else result,
            codes=codes,
            parameters=(*place.parameters, *parameters),
            reads=reads,
            reads_required=reads_required,
            action=action,
            kind=place.kind,
        )

    def _list_of(self, place: _Place) -> Operation:
        resource = self._resource
        kind = resource.list_kind or f"{resource.kind}List"
        result = self._name(resource.group, resource.version, kind)
        return self._operation(place, "get", "list", "list", _WATCHING, result=result, produces=self._list)

    def _create(self, place: _Place) -> Operation:
        return self._operation(place, "post", "post", "create", _WRITING, codes=(200, 201, 202), reads=place.definition)

    def _delete_collection(self, place: _Place) -> Operation:
        custom = self._resource.custom
        parameters = _WATCHING if custom else (*_DELETING, *_LISTING)
        place = self._place(place.path, place.parameters, f"Collection{place.noun}")
        return self._operation(
            place,
            "delete",
            "deletecollection",
            "delete",
            parameters,
            result=f"{META}Status",
            reads="" if custom else f"{META}DeleteOptions",
            reads_required=False,
        )

    def _object_operations(self, place: _Place, verbs: Iterable[str]) -> Iterator[Operation]:
        returned = self._resource.strategy.delete_returns_object and not self._resource.custom
        if "get" in verbs:
            versions = (Parameter("resourceVersion"),) if self._resource.custom else ()
            yield self._operation(place, "get", "get", "read", versions)
        if "update" in verbs:
            yield self._operation(place, "put", "put", "replace", _WRITING, codes=(200, 201), reads=place.definition)
        if "patch" in verbs:
            custom = self._resource.custom
            yield self._operation(
                place,
                "patch",
                "patch",
                "patch",
                (*_WRITING, Parameter("force", "boolean")),
                codes=(200,) if custom else (200, 201),
                consumes=_CUSTOM_PATCH if custom else _PATCH,
                reads=f"{META}Patch",
            )
        if "delete" in verbs:
            yield self._operation(
                place,
                "delete",
                "delete",
                "delete",
                _DELETING,
                codes=(200, 202),
                result=place.definition if returned else f"{META}Status",
                reads=f"{META}DeleteOptions",
                reads_required=False,
            )

    def _subresource(self, one: _Place, sub: Subresource) -> Iterator[Operation]:
        resource = self._resource
        kind = (
            sub.group if sub.version else resource.group,
            sub.version or resource.version,
            sub.kind or resource.kind,
        )
        own = resource.custom and not sub.version
        place = _Place(
            path=f"{one.path}/{sub.name}",
            parameters=one.parameters,
            noun=one.noun + sub.name.capitalize(),
            # Upstream names a custom resource's own kind even where its scale is spoken of.
            kind=one.kind if resource.custom else kind,
            definition=one.definition if own else definition_name(*kind),
        )
        if sub.name == "log":
            yield self._operation(place, "get", "get", "read", _LOG, result="", produces=("text/plain", *self._object))
        elif sub.name in _CONNECT and kind[2].endswith("Options"):
            yield from self._connect(place, sub)
        elif sub.update is None and tuple(sub.verbs) == ("create",):
            yield self._create(place)
        else:
            yield from self._object_operations(place, sub.verbs)

    def _connect(self, place: _Place, sub: Subresource) -> Iterator[Operation]:
        parameters = tuple(p for p in place.parameters if p is not _PRETTY)
        base = _Place(path=place.path, parameters=parameters, noun="", kind=place.kind, definition="")
        places = [base]
        if sub.name == "proxy":
            deeper = _Place(
                path=f"{place.path}/{{path}}",
                parameters=(*parameters, _PATH),
                noun="",
                suffix="WithPath",
                kind=place.kind,
                definition="",
            )
            places.append(deeper)
        methods = _PROXY_METHODS if sub.name == "proxy" else ("get", "post")
        for target in places:
            for method in methods:
                named = _Place(
                    path=target.path,
                    parameters=target.parameters,
                    noun=method.capitalize() + place.noun,
                    suffix=target.suffix,
                    kind=target.kind,
                    definition="",
                )
                yield self._operation(named, method, "connect", "connect", _CONNECT[sub.name], result="", produces=ANY)

    def _watch(self, action: str, place: _Place, word: str) -> Operation:
        path = place.path.replace(self._root, f"{self._root}/watch", 1)
        target = self._place(path, place.parameters, place.noun + word, place.suffix)
        return self._operation(
            target, "get", action, "watch", _WATCHING, result=f"{META}WatchEvent", produces=self._list
        )

"""Discovery: which groups, versions and resources are served, in the old form (one document each) and aggregated (two
documents).

Everything is derived from the table of resources, so nothing is ever announced that is not served; group versions of
extension servers are what those say. Documents are made once for each state of both; the aggregated ones carry an ETag.
"""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from steersman.api.errors import NotAcceptable
from steersman.apiserver import respond
from steersman.apiserver.aggregation.group_order import Ordered, by_name, ordered_groups
from steersman.apiserver.codec.negotiate import parse_accept
from steersman.lib.http.message import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource, Subresource
    from steersman.apiserver.aggregation.extension_discovery import ExtensionDiscovery
    from steersman.apiserver.aggregation.registrations import Registrations
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.codec.negotiate import Negotiator
    from steersman.apiserver.codec.protobuf import Protobuf
    from steersman.apiserver.documents import Documents
    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.http.message import Request

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_ACCEPTED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


class Discovery:
    """Serves `/api`, `/apis` and everything below that is no resource."""

    def __init__(
        self,
        *,
        resources: ResourceTable,
        negotiator: Negotiator,
        protobuf: Protobuf,
        registrations: Registrations,
        extensions: ExtensionDiscovery,
        address: str = "",
    ) -> None:
        """`address`: host and port under which clients reach the server."""
        self._address = address
        self._resources = resources
        self._negotiator = negotiator
        self._protobuf = protobuf
        self._registrations = registrations
        self._extensions = extensions
        self._made_for = (-1, -1, -1)
        self._documents: dict[str, Object] = {}
        self._aggregated: dict[str, tuple[bytes, str]] = {}

    def register(self, documents: Documents) -> None:
        """The roots; documents of groups and versions are found below them."""
        for root in ("/api", "/apis"):
            documents.add(root, self._serve)
            documents.add_prefix(f"{root}/", self._serve)

    def paths(self) -> list[str]:
        """Every path that has a document now, as upstream lists them."""
        self._refresh()
        return [*self._documents, *(each.path for each in self._registrations.remote()), "/apis/"]

    def _serve(self, request: Request, _user: User) -> Response | None:
        self._refresh()
        path = request.path.rstrip("/")
        document = self._documents.get(path)
        if document is None:
            return None
        root = path in ("/api", "/apis")
        if request.method != "GET" and path != "/apis":
            return respond.failure(respond.method_not_allowed(), request.headers.get("accept"), self._negotiator)
        accept = request.headers.get("accept")
        if "apidiscovery" in accept:
            chosen = _wants_aggregated(accept, root=root)
            if chosen:
                return self._aggregate(request, path)
        representation = self._negotiator.answer(accept)
        if representation.media == "json":
            pretty = request.param("pretty") if request.query else None
            representation = respond.wants_pretty(representation, pretty, request.headers.get("user-agent"))
        elif representation.media == "protobuf":
            document = {"apiVersion": "v1", **document}  # the envelope names it always, the JSON form does not
        return respond.document(document, representation, protobuf=self._protobuf)

    def _aggregate(self, request: Request, path: str) -> Response:
        body, etag = self._aggregated[path]
        headers = (("Cache-Control", "public"), ("Vary", "Accept"), ("Etag", etag))
        if request.headers.get("if-none-match") == etag:
            return Response(304, b"", AGGREGATED, headers)
        return Response(200, body, AGGREGATED, headers, compressible=True)

    # -- documents

    def _refresh(self) -> None:
        state = self._resources.version, self._registrations.version, self._extensions.version
        if self._made_for == state:
            return
        self._made_for = state
        groups = _grouped(self._resources)
        custom = {
            name: {version: all(r.custom for r in resources) for version, resources in versions.items()}
            for name, versions in groups.items()
        }
        ordered = ordered_groups(custom, self._registrations.all().values(), version_preference)
        core = groups.pop("", {})
        self._documents = {"/api": _versions_document(list(core), self._address)}
        for version, resources in core.items():
            self._documents[f"/api/{version}"] = _resource_list("", version, resources)
        self._documents["/apis"] = {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(group) for group in ordered],
        }
        for group in ordered:
            self._documents[f"/apis/{group.name}"] = {"kind": "APIGroup", "apiVersion": "v1"} | _group(group)
        for name, versions in groups.items():
            for version, resources in versions.items():
                self._documents[f"/apis/{name}/{version}"] = _resource_list(name, version, resources)
        told = {(each.group, each.version): self._extensions.entry(each) for each in self._registrations.remote()}
        listed = [(group, _entries(group, groups.get(group.name, {}), told)) for group in by_name(ordered)]
        legacy = Ordered("", tuple(core), 0, (0, ""))
        self._aggregated = {
            "/api": _aggregated([(legacy, _entries(legacy, core, {}))]),
            "/apis": _aggregated(listed),
        }


def _wants_aggregated(accept: str, *, root: bool) -> bool:
    """Whether the first clause that can be served asks for the aggregated form. Raises NotAcceptable."""
    for clause in parse_accept(accept):
        wanted = clause.params.get("as")
        if wanted is None and (clause.type, clause.subtype) in (("application", "json"), ("*", "*")):
            return False
        if wanted == "APIGroupDiscoveryList" and root and clause.params.get("v") == "v2":
            return True
    raise NotAcceptable(f"only the following media types are accepted: {_ACCEPTED}")


def _grouped(table: ResourceTable) -> dict[str, dict[str, list[Resource]]]:
    """Group -> version -> resources by name; groups in the order in which they were added, versions by preference."""
    groups: dict[str, dict[str, list[Resource]]] = {}
    for served in table:
        resource = served.resource
        groups.setdefault(resource.group, {}).setdefault(resource.version, []).append(resource)
    custom = [name for name, versions in groups.items() if all(r.custom for rs in versions.values() for r in rs)]
    ordered = [name for name in groups if name not in custom] + sorted(custom)
    return {
        name: {
            version: sorted(groups[name][version], key=lambda r: r.plural)
            for version in sorted(groups[name], key=partial(version_preference))
        }
        for name in ordered
    }


def version_preference(version: str) -> tuple[Any, ...]:
    """Sorts v2 before v1 before v1beta1 before v1alpha1 before anything else (upstream:
    CompareKubeAwareVersionStrings).
    """
    text = version[1:] if version.startswith("v") else ""
    for rank, word in ((0, ""), (1, "beta"), (2, "alpha")):
        major, separator, minor = text.partition(word) if word else (text, "", "")
        if major.isdigit() and bool(separator) == bool(word) and (not word or minor.isdigit()):
            return (rank, -int(major), -int(minor or 0), "")
    return (3, 0, 0, version)


def _versions_document(versions: list[str], address: str) -> Object:
    return {
        "kind": "APIVersions",
        "versions": versions,
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def _group(group: Ordered) -> Object:
    listed = [{"groupVersion": f"{group.name}/{version}", "version": version} for version in group.versions]
    return {"name": group.name, "versions": listed, "preferredVersion": listed[0]}


def _resource_list(group: str, version: str, resources: list[Resource]) -> Object:
    document: Object = {"kind": "APIResourceList"}
    if group:
        document["apiVersion"] = "v1"
    document["groupVersion"] = f"{group}/{version}" if group else version
    entries = []
    for resource in resources:
        entries.append((resource.plural, _resource(resource)))
        # Custom resources come with their subresources behind them, in the order in which they have them.
        subresources = resource.subresources if resource.custom else sorted(resource.subresources, key=lambda s: s.name)
        for sub in subresources:
            entry = _subresource(resource, sub)
            entries.append((resource.plural if resource.custom else entry["name"], entry))
    document["resources"] = [entry for _, entry in sorted(entries, key=lambda pair: pair[0])]
    return document


def _verbs(resource: Resource) -> list[str]:
    if not resource.custom:
        return sorted(resource.verbs)
    refused = ("patch", "create", "update") if resource.no_creation else ()
    return [verb for verb in resource.verbs if verb not in refused]


def _resource(resource: Resource) -> Object:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _verbs(resource),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if not resource.ephemeral and "create" in resource.verbs:
        entry["storageVersionHash"] = _storage_hash(resource)
    return entry


def _storage_hash(resource: Resource) -> str:
    stored = resource.stored
    digest = hashlib.sha256(
        f"{stored.group}/{stored.storage_version or stored.version}/{stored.kind}".encode()
    ).digest()
    return base64.b64encode(digest[:8]).decode()


def _subresource(resource: Resource, sub: Subresource) -> Object:
    entry: Object = {
        "name": f"{resource.plural}/{sub.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": sub.kind or resource.kind,
        "verbs": sorted(sub.verbs),
    }
    if sub.version:
        entry |= {"group": sub.group, "version": sub.version}
    return entry


def _entries(
    group: Ordered, served: Mapping[str, list[Resource]], told: Mapping[tuple[str, str], Object]
) -> list[Object]:
    """Of a group's versions in the aggregated form. `told`: by extension servers, which come first."""
    entries = []
    for version in group.versions:
        entry = told.get((group.name, version))
        if entry is None:
            resources = [_aggregated_resource(resource) for resource in served[version]]
            entry = {"version": version, "resources": resources, "freshness": "Current"}
        entries.append(entry)
    return entries


def _aggregated(groups: Iterable[tuple[Ordered, list[Object]]]) -> tuple[bytes, str]:
    items = [{"metadata": {"name": group.name} if group.name else {}, "versions": entries} for group, entries in groups]
    document = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }
    body = respond.encode(document, respond.PLAIN)
    return body, f'"{hashlib.sha512(body).hexdigest().upper()}"'


def _aggregated_resource(resource: Resource) -> Object:
    entry: Object = {
        "resource": resource.plural,
        "responseKind": _response_kind(resource, None),
        "scope": str(resource.scope),
        "singularResource": resource.singular,
        "verbs": _verbs(resource),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {"subresource": sub.name, "responseKind": _response_kind(resource, sub), "verbs": sorted(sub.verbs)}
            for sub in (
                resource.subresources if resource.custom else sorted(resource.subresources, key=lambda s: s.name)
            )
        ]
    return entry


def _response_kind(resource: Resource, sub: Subresource | None) -> Object:
    """Group and version are left empty where they are the resource's own, as upstream's aggregator leaves them."""
    if sub is not None and sub.version:
        return {"group": sub.group, "version": sub.version, "kind": sub.kind}
    if resource.custom:
        return {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {"group": "", "version": "", "kind": (sub.kind if sub is not None else "") or resource.kind}

"""What an extension server says it serves, read: the aggregated form, or the old one turned into it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from steersman.apiserver.codec.negotiate import parse_accept

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

    GroupVersion = tuple[str, str]

ACCEPT: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
CURRENT: Final = "Current"
STALE: Final = "Stale"


class DocumentError(ValueError):
    """An answer is not what was asked for."""


def is_aggregated(content_type: str) -> bool:
    """Whether an answer has the aggregated form."""
    for clause in parse_accept(content_type):
        params = clause.params
        wanted = ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList")
        return (params.get("g"), params.get("v"), params.get("as")) == wanted
    return False


def parse_aggregated(body: bytes) -> dict[GroupVersion, Object]:
    """(group, version) -> its entry in an aggregated document, without its freshness. Raises DocumentError."""
    found: dict[GroupVersion, Object] = {}
    try:
        for group in orjson.loads(body).get("items") or ():
            name = (group.get("metadata") or {}).get("name") or ""
            for version in group.get("versions") or ():
                resources = [_with_kinds(resource) for resource in version.get("resources") or ()]
                found[name, version["version"]] = _entry(version["version"], resources)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise DocumentError(f"no APIGroupDiscoveryList: {error}") from error
    return found


def parse_legacy(body: bytes, version: str) -> Object:
    """The entry of a version, from its APIResourceList. Raises DocumentError."""
    try:
        listed = orjson.loads(body).get("resources") or ()
        resources: dict[str, Object] = {}
        for each in listed:
            if "/" not in each["name"]:
                resources[each["name"]] = _resource(each)
        for each in listed:
            name, separator, subresource = each["name"].partition("/")
            if separator:
                _add_subresource(resources, name, subresource, each)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise DocumentError(f"no APIResourceList: {error}") from error
    return _entry(version, list(resources.values()))


def empty_entry(version: str) -> Object:
    """Of a version that is registered, and about which nothing is known."""
    return _entry(version, [])


def _entry(version: str, resources: list[Object]) -> Object:
    entry: Object = {"version": version}
    if resources:
        entry["resources"] = resources
    return entry


def _resource(listed: Object) -> Object:
    resource: Object = {
        "resource": listed["name"],
        "responseKind": _kind(listed),
        "scope": _scope(listed),
        "singularResource": listed.get("singularName") or "",
        "verbs": listed.get("verbs") or [],
    }
    for field in ("shortNames", "categories"):
        if listed.get(field):
            resource[field] = listed[field]
    return resource


def _add_subresource(resources: dict[str, Object], name: str, subresource: str, listed: Object) -> None:
    parent = resources.get(name)
    if parent is None:
        # Clients skip it; its subresources have to stand somewhere.
        parent = {"resource": name, "responseKind": _kind({}), "scope": _scope(listed), "singularResource": ""}
        resources[name] = parent | {"verbs": None}
        parent = resources[name]
    if parent["scope"] != _scope(listed):
        raise DocumentError(f"{name} and {name}/{subresource} differ in scope")
    entry = {"subresource": subresource, "responseKind": _kind(listed), "verbs": listed.get("verbs") or []}
    parent.setdefault("subresources", []).append(entry)


def _scope(listed: Object) -> str:
    return "Namespaced" if listed.get("namespaced") else "Cluster"


def _kind(listed: Object) -> Object:
    """All empty where there is no kind: old clients fail without."""
    if not listed.get("kind"):
        return {"group": "", "version": "", "kind": ""}
    return {"group": listed.get("group") or "", "version": listed.get("version") or "", "kind": listed["kind"]}


def _with_kinds(resource: Any) -> Object:
    made: Object = {**resource, "responseKind": resource.get("responseKind") or _kind({})}
    if resource.get("subresources"):
        made["subresources"] = [
            {**each, "responseKind": each.get("responseKind") or _kind({})} for each in resource["subresources"]
        ]
    return made

"""URL and method -> what is asked of which resource. Pure; the rules are upstream's RequestInfoFactory.

/api/v1/namespaces/{namespace}/{resource}[/{name}[/{subresource}...]]
/apis/{group}/{version}/...          the same below a named group
/api/v1/watch/...                    a watch in the old form
anything else                        not a resource request: verb is the method, lower case
"""

from __future__ import annotations

from dataclasses import dataclass

_VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@dataclass(slots=True)
class RequestInfo:
    """What a request asks for. Empty strings stand for "not given"."""

    is_resource: bool
    path: str
    verb: str
    prefix: str = ""
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    rest: str = ""
    """What follows the subresource (proxy paths), without a leading slash."""
    parts: int = 0
    """Path elements from the resource on."""
    old_watch: bool = False
    scoped: bool = False
    """The path names a namespace (even an empty one)."""


def parse_request(method: str, path: str, *, watch: bool = False, name_selector: str = "") -> RequestInfo:
    """`watch`: the query asks for a watch; `name_selector`: the value of a fieldSelector metadata.name=X, if any.

    The parts of the path that are not understood leave a RequestInfo whose resource does not exist; routing answers
    404.
    """
    parts = path.strip("/").split("/")
    verb = method.lower()
    if len(parts) < 3 or parts[0] not in ("api", "apis"):
        return RequestInfo(is_resource=False, path=path, verb=verb)
    prefix, group = parts[0], ""
    position = 1
    if prefix == "apis":
        if len(parts) < 4:
            return RequestInfo(is_resource=False, path=path, verb=verb)
        group = parts[1]
        position = 2
    info = RequestInfo(True, path, _VERBS.get(method, ""), prefix, group, parts[position])
    rest = parts[position + 1 :]
    if rest and rest[0] in ("watch", "proxy") and len(rest) > 1:
        info.old_watch = rest[0] == "watch"
        info.verb = rest[0]
        rest = rest[1:]
    if rest and rest[0] == "namespaces" and len(rest) > 1:
        info.namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            info.scoped = True
            rest = rest[2:]
    info.parts = len(rest)
    info.resource = rest[0] if rest else ""
    if len(rest) > 1:
        info.name = rest[1]
    if len(rest) > 2:
        info.subresource = rest[2]
        info.rest = "/".join(rest[3:])
    if not info.name and info.verb == "get":
        info.verb = "list"
    if info.verb == "list":
        if watch:
            info.verb = "watch"
        if name_selector and not info.name:
            info.name = name_selector
    elif info.old_watch and name_selector and not info.name:
        info.name = name_selector
    if not info.name and info.verb == "delete":
        info.verb = "deletecollection"
    return info

"""Requests as values, and the paths they go to. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping


class Named(Protocol):
    """What a resource is called: an `api.resource.Resource`, or a `Ref` that discovery told of."""

    @property
    def group(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def plural(self) -> str: ...
    @property
    def namespaced(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Ref:
    """A resource that is known by name only."""

    group: str
    version: str
    plural: str
    namespaced: bool
    kind: str = ""


class Key(NamedTuple):
    """Which object of a resource; `namespace` is empty for cluster-wide ones."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Of every object only kind PartialObjectMetadata and its metadata."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
DISCOVERY = "application/json;as=APIGroupDiscoveryList;g=apidiscovery.k8s.io;v=v2"


class PatchType(StrEnum):
    """The value is the media type."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class Propagation(StrEnum):
    """What becomes of an object's dependents; the value is the wire form."""

    ORPHAN = "Orphan"
    BACKGROUND = "Background"
    FOREGROUND = "Foreground"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request. `query`: pairs in the order of the wire. `body`: encoded JSON, empty for none. `accept`: the form
    of the answer, which must be JSON.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = "application/json"
    accept: str = JSON

    @property
    def target(self) -> str:
        """Path and query, as they are sent."""
        return f"{self.path}?{_encoded(self.query)}" if self.query else self.path

    @property
    def repeatable(self) -> bool:
        """Carried out twice it does what it does once."""
        return self.method == "GET"


_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_encoded = lru_cache(maxsize=1024)(urlencode)
"""The writes of one client have the same few queries."""


def path_of(resource: Named, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The path of a collection (without name), an object or a subresource, percent-encoded."""
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    place = f"/namespaces/{_quoted(namespace)}" if resource.namespaced and namespace else ""
    path = f"{root}{place}/{resource.plural}"
    for part in (name, subresource):
        if part:
            path = f"{path}/{_quoted(part)}"
    return path


def _quoted(part: str) -> str:
    """Percent-encoded, which names of nearly all objects are as they are."""
    return part if _PLAIN.fullmatch(part) else quote(part, safe="")


def query_of(values: Mapping[str, str | int | bool | None]) -> tuple[tuple[str, str], ...]:
    """The parameters that are given: not None, not empty, not false."""
    return tuple(
        (name, "true" if value is True else str(value))
        for name, value in values.items()
        if value not in (None, "", False)
    )

"""The verbs, as one identity. Objects in answers are read-only where they come from a cache, and ours otherwise.

Requests that nobody took are tried again, and so are those that the server asks to repeat (Retry-After); a request that
may have been carried out is repeated only if that does no harm. Everything else is the caller's to decide.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.errors import ApiError
from steersman.client.errors import Interrupted, TransportError, Unreachable, retry_after_s
from steersman.client.request import (
    JSON,
    METADATA,
    METADATA_LIST,
    ApiRequest,
    Key,
    PatchType,
    Propagation,
    path_of,
    query_of,
)
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.request import Named
    from steersman.client.transport import Transport, Watch

REQUEST_S = 60.0
"""As long as the server may take for an ordinary request."""
PATIENCE_S = 30.0
"""For how long a request is tried again before its last error is the answer."""
_BACKOFF_S, _BACKOFF_S_MAX = 0.05, 2.0


class Client:
    """Verbs over one transport. `field_manager` is recorded as the author of what is written."""

    def __init__(
        self, *, transport: Transport, rng: Random, field_manager: str = "", only_metadata: bool = False
    ) -> None:
        self._transport = transport
        self._rng = rng
        self._field_manager = field_manager
        self._accept = METADATA if only_metadata else JSON
        self._accept_list = METADATA_LIST if only_metadata else JSON

    def only_metadata(self) -> Client:
        """The same, but answered with the metadata of objects and nothing else of them (PartialObjectMetadata)."""
        return Client(transport=self._transport, rng=self._rng, field_manager=self._field_manager, only_metadata=True)

    # -- reading

    async def get(self, resource: Named, key: Key, *, subresource: str = "", resource_version: str = "") -> Object:
        """`resource_version` "0": whatever the server has at hand. Raises NotFound and others."""
        query = query_of({"resourceVersion": resource_version})
        path = path_of(resource, key.namespace, key.name, subresource)
        return await self._object(ApiRequest("GET", path, query, accept=self._accept))

    async def list(
        self,
        resource: Named,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        resource_version: str = "",
        limit: int = 0,
        token: str = "",
    ) -> Object:
        """The List object; with `limit` one page of it, `token` continues (metadata.continue of the page before)."""
        query = query_of(
            {
                "labelSelector": labels,
                "fieldSelector": fields,
                "resourceVersion": resource_version,
                "limit": limit,
                "continue": token,
            }
        )
        return await self._object(ApiRequest("GET", path_of(resource, namespace), query, accept=self._accept_list))

    async def watch(
        self,
        resource: Named,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        resource_version: str = "",
        initial_events: bool = False,
        timeout_s: int = 0,
    ) -> Watch:
        """From behind `resource_version`; with `initial_events` everything that is there first, then a bookmark with
        the annotation k8s.io/initial-events-end. Bookmarks come in any case. Not tried again. Raises Expired and
        others.
        """
        query = query_of(
            {
                "watch": True,
                "allowWatchBookmarks": True,
                "labelSelector": labels,
                "fieldSelector": fields,
                "resourceVersion": resource_version,
                "resourceVersionMatch": "NotOlderThan" if initial_events else "",
                "sendInitialEvents": initial_events,
                "timeoutSeconds": timeout_s,
            }
        )
        request = ApiRequest("GET", path_of(resource, namespace), query, accept=self._accept)
        return await self._transport.watch(request, timeout_s=REQUEST_S)

    async def get_path(self, path: str, *, accept: str = JSON, **query: str) -> Any:
        """A document that is no resource: discovery, version."""
        return await self._send(ApiRequest("GET", path, query_of(query), accept=accept))

    # -- writing

    async def create(
        self, resource: Named, obj: Object, *, key: Key | None = None, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """`key` and `subresource`: what is created belongs to that object (a binding, an eviction, a token)."""
        metadata = obj.get("metadata") or {}
        namespace = key.namespace if key is not None else metadata.get("namespace", "")
        path = path_of(resource, namespace, key.name if key is not None else "", subresource)
        return await self._write("POST", path, obj, dry_run=dry_run)

    async def update(self, resource: Named, obj: Object, *, subresource: str = "", dry_run: bool = False) -> Object:
        """Raises Conflict when the object has changed since the version it names."""
        metadata = obj["metadata"]
        path = path_of(resource, metadata.get("namespace", ""), metadata["name"], subresource)
        return await self._write("PUT", path, obj, dry_run=dry_run)

    async def update_status(self, resource: Named, obj: Object) -> Object:
        return await self.update(resource, obj, subresource="status")

    async def patch(
        self,
        resource: Named,
        key: Key,
        patch: Any,
        *,
        kind: PatchType = PatchType.MERGE,
        subresource: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> Object:
        """`force`: take over fields of other managers (apply only)."""
        path = path_of(resource, key.namespace, key.name, subresource)
        return await self._write("PATCH", path, patch, dry_run=dry_run, content_type=kind, force=force)

    async def delete(
        self,
        resource: Named,
        key: Key,
        *,
        uid: str = "",
        resource_version: str = "",
        propagation: Propagation | None = None,
        grace_s: int | None = None,
    ) -> Object:
        """`uid`, `resource_version`: only this very object, or version. Raises NotFound, Conflict and others."""
        conditions = {"uid": uid, "resourceVersion": resource_version}
        preconditions = {name: value for name, value in conditions.items() if value}
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if preconditions:
            options["preconditions"] = preconditions
        if propagation is not None:
            options["propagationPolicy"] = propagation
        if grace_s is not None:
            options["gracePeriodSeconds"] = grace_s
        return await self._object(
            ApiRequest("DELETE", path_of(resource, key.namespace, key.name), body=orjson.dumps(options))
        )

    async def delete_collection(
        self, resource: Named, *, namespace: str = "", labels: str = "", fields: str = "", options: Object | None = None
    ) -> Object:
        query = query_of({"labelSelector": labels, "fieldSelector": fields})
        body = orjson.dumps({"kind": "DeleteOptions", "apiVersion": "v1", **(options or {})})
        return await self._object(ApiRequest("DELETE", path_of(resource, namespace), query, body))

    # -- sending

    async def _write(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        dry_run: bool,
        content_type: str = "application/json",
        force: bool = False,
    ) -> Object:
        query = query_of({"fieldManager": self._field_manager, "dryRun": "All" if dry_run else "", "force": force})
        return await self._object(ApiRequest(method, path, query, orjson.dumps(body), content_type, self._accept))

    async def _object(self, request: ApiRequest) -> Object:
        answer: Object = await self._send(request)
        return answer

    async def _send(self, request: ApiRequest) -> Any:
        """Raises ApiError, TransportError."""
        deadline = loop_time() + PATIENCE_S
        backoff_s = _BACKOFF_S
        while True:
            try:
                return await self._transport.exchange(request, timeout_s=REQUEST_S)
            except (ApiError, TransportError) as error:
                wait_s = _wait_s(error, request, backoff_s * (1 + self._rng.random()))
                if wait_s is None or loop_time() + wait_s > deadline:
                    raise
            await asyncio.sleep(wait_s)
            backoff_s = min(2 * backoff_s, _BACKOFF_S_MAX)


def _wait_s(error: ApiError | TransportError, request: ApiRequest, backoff_s: float) -> float | None:
    """How long to wait before a request is sent again; None if it must not be."""
    if isinstance(error, ApiError):
        # The server says that it has not carried it out, and when it might.
        seconds = retry_after_s(error)
        return float(seconds) if seconds is not None and (error.code == 429 or error.code >= 500) else None
    if isinstance(error, Unreachable) or (isinstance(error, Interrupted) and request.repeatable):
        return backoff_s
    return None


def key_of(obj: Mapping[str, Any]) -> Key:
    metadata = obj["metadata"]
    return Key(metadata.get("namespace", ""), metadata["name"])

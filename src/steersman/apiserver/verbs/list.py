"""list: the objects of a collection, from the watch cache, at one revision; in pages, or as of the past from the store.

The answer is a join of cached bytes: nothing is decoded unless a client asks for another representation than JSON.
Large answers leave in pieces, as fast as the client reads.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import orjson

from steersman.api.errors import BadRequest, Expired
from steersman.apiserver import respond
from steersman.apiserver.options import list_options
from steersman.apiserver.selection import select
from steersman.apiserver.versions import check_reached, decode_continue, encode_continue, parse_version
from steersman.lib.http.message import Response, StreamResponse
from steersman.store.interface import Compacted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.apiserver.options import ListOptions
    from steersman.apiserver.resources import Served
    from steersman.apiserver.selection import Selection
    from steersman.apiserver.service import Service
    from steersman.store.watchcache import Entry

COMPACTED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def list_(call: Call, service: Service) -> Response | StreamResponse | Awaitable[Response | StreamResponse]:
    """Raises BadRequest, Invalid, Timeout, Expired."""
    options = list_options(call.query, watch=False)
    selection = select(
        call.served.resource, options, prefix=call.served.range_prefix(call.info.namespace), name=call.single_name
    )
    simple = not (options.resource_version or options.continue_token or options.limit)
    if simple and service.cache.embedded and call.served.view is None:
        entries = matching(call.served, selection)
        return respond.many(call, entries, respond.list_meta(service.cache.revision))
    return _list_at(call, service, options, selection)


def matching(served: Served, selection: Selection, start: str = "") -> list[Entry]:
    """Selected entries of the cache, in key order."""
    if served.collection is None:
        return []
    entries = served.collection.range(selection.prefix, start)
    return _filtered(entries, selection)


async def matching_seen(served: Served, selection: Selection, start: str = "") -> list[Entry]:
    """`matching`, where the entries have to be looked at through a view first. Raises ApiError."""
    if served.view is None or served.collection is None:
        return matching(served, selection, start)
    there = [entry for entry in served.collection.range(selection.prefix, start) if selection.in_range(entry.key)]
    return _filtered(await served.view.of(there), selection)


def _filtered(entries: Iterable[Entry], selection: Selection) -> list[Entry]:
    if selection.everything:
        return [entry for entry in entries if selection.in_range(entry.key)] if selection.single else list(entries)
    return [entry for entry in entries if selection.in_range(entry.key) and selection.matches(entry)]


async def _list_at(
    call: Call, service: Service, options: ListOptions, selection: Selection
) -> Response | StreamResponse:
    entries, meta = await find(call.served, service, options, selection)
    answer = respond.many(call, entries, orjson.dumps(meta)[1:-1])
    return answer if isinstance(answer, (Response, StreamResponse)) else await answer


async def find(
    served: Served, service: Service, options: ListOptions, selection: Selection
) -> tuple[list[Entry], Object]:
    """The entries that list options ask for, and the list's metadata. Raises ApiError."""
    version, start, exact = 0, "", False
    if options.continue_token:
        version, start = decode_continue(options.continue_token)
        if options.resource_version not in ("", "0"):
            raise BadRequest("specifying resource version is not allowed when using continue")
        start, exact = served.prefix + start, version > 0
    elif options.resource_version:
        version = parse_version(options.resource_version, BadRequest, "invalid resource version: ")
        await check_reached(service.cache, version)
        exact = version > 0 and (
            options.resource_version_match == "Exact" or (options.limit > 0 and not options.resource_version_match)
        )
    else:
        await service.cache.fresh()
    collection = served.collection
    if not exact or collection is None or collection.changed <= version:
        at = version if exact else service.cache.revision
        if served.view is None or not selection.everything:
            entries = await matching_seen(served, selection, start)
            return _page(served, entries, options, selection, at)
        page, meta = _page(served, matching(served, selection, start), options, selection, at)
        return [*await served.view.of(page)], meta
    return await _find_in_history(served, service, options, selection, version=version, start=start)


async def _find_in_history(
    served: Served, service: Service, options: ListOptions, selection: Selection, *, version: int, start: str
) -> tuple[list[Entry], Object]:
    """As of a past revision, from the store; read until the page is full."""
    limit = options.limit
    found: list[Entry] = []
    while True:
        try:
            ask = 0 if not limit else limit + 1 - len(found)
            page = await service.store.list(selection.prefix, start=start, revision=version, limit=ask)
        except Compacted:
            raise _expired(served, options, start) from None
        records = [served.index.entry(r.key, r.value, r.mod_revision, None) for r in page.records]
        if served.view is not None:
            records = [*await served.view.of(records)]
        found += _filtered(records, selection)
        if not page.more or (limit and len(found) > limit):
            break
        start = page.records[-1].key + "\0"
    remaining = page.remaining if page.more else 0
    return _page(served, found, options, selection, version, unread=remaining)


def _expired(served: Served, options: ListOptions, start: str) -> Expired:
    """410; with a continue token the client may go on with what is there now."""
    if not options.continue_token:
        return Expired("The resourceVersion for the provided list is too old.")
    error = Expired(COMPACTED)
    error.list_meta = {"continue": encode_continue(-1, start[len(served.prefix) :])}
    return error


def _page(
    served: Served, entries: list[Entry], options: ListOptions, selection: Selection, version: int, unread: int = 0
) -> tuple[list[Entry], Object]:
    """Cut to the limit. The token goes on right after the last key."""
    meta: Object = {"resourceVersion": str(version)}
    limit = options.limit
    if limit and len(entries) > limit:
        page = list(islice(entries, limit))
        meta["continue"] = encode_continue(version, page[-1].key[len(served.prefix) :] + "\0")
        if selection.everything:
            meta["remainingItemCount"] = len(entries) - limit + unread
        return page, meta
    return entries, meta

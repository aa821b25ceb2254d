"""get: one object as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import ApiError, NotFound
from steersman.apiserver import respond
from steersman.apiserver.versions import check_reached, parse_version

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response
    from steersman.store.watchcache import Entry


class _Unreadable(ApiError):
    """Upstream answers 500 without a reason to a version that is no number."""

    code, reason = 500, ""


def get(call: Call, service: Service) -> Response | Awaitable[Response]:
    """Raises NotFound, Timeout (a version that is not reached yet)."""
    if not service.cache.embedded or call.request.query or call.served.view is not None:
        return _get_when_fresh(call, service)
    return respond.one(call, call.served.json(_found(call)))


async def _get_when_fresh(call: Call, service: Service) -> Response:
    await reach_asked_version(call, service)
    return respond.one(call, call.served.json(await seen(call, _found(call))))


async def seen(call: Call, entry: Entry) -> Entry:
    """The entry as it is served. Who asks for the present asks the webhook, too, if one converts. Raises ApiError."""
    view = call.served.view
    return entry if view is None else await view.one(entry, anew=not call.request.param("resourceVersion"))


async def reach_asked_version(call: Call, service: Service) -> None:
    """Until what is cached is as new as the request wants it. Raises Timeout, and 500 for what is no version."""
    asked = call.request.param("resourceVersion")
    if asked:
        version = parse_version(asked, _Unreadable)
        await check_reached(service.cache, version)
    else:
        await service.cache.fresh()


def _found(call: Call) -> Entry:
    served, info = call.served, call.info
    entry = served.entry(info.namespace, info.name)
    if entry is None:
        raise NotFound.of(served.resource.group, served.resource.plural, info.name)
    return entry

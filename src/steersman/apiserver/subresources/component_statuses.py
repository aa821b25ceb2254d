"""componentstatuses: how the control plane's components are, asked when somebody wants to know (deprecated upstream).

Nothing is stored. Each component is asked by a check; they run at the same time, each for a few seconds at most.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from steersman.api.errors import NotFound
from steersman.apiserver import respond
from steersman.apiserver.options import list_options
from steersman.apiserver.selection import select
from steersman.lib.http.message import Response, StreamResponse
from steersman.store.watchcache import Entry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service

    Check = Callable[[], Awaitable["Health"]]

CHECK_S_MAX = 5.0
_ANSWER_BYTES_MAX = 10 * 1024
_REFUSED = "connect: connection refused"


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found. `error`: why it could not find out more."""

    healthy: bool
    message: str = ""
    error: str = ""


class ComponentStatuses:
    """`checks`: name of the component -> how to ask it."""

    def __init__(self, *, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def serve(self, call: Call, _service: Service) -> Response | StreamResponse:
        """One or all. Raises NotFound, BadRequest."""
        name = call.info.name
        resource = call.served.resource
        if call.info.verb == "get":
            check = self._checks.get(name)
            if check is None:
                raise NotFound.of("", resource.singular, name)
            entry = await _ask(call, name, check)
            return respond.one(call, call.served.type_meta + entry.body + b"\n")
        selection = select(resource, list_options(call.query, watch=False), prefix=call.served.prefix, name=name)
        entries = await asyncio.gather(*(_ask(call, name, check) for name, check in self._checks.items()))
        chosen = [entry for entry in entries if selection.in_range(entry.key) and selection.matches(entry)]
        answer = respond.many(call, chosen, b"")
        return answer if isinstance(answer, (Response, StreamResponse)) else await answer


async def _ask(call: Call, name: str, check: Check) -> Entry:
    try:
        async with asyncio.timeout(CHECK_S_MAX):
            health = await check()
    except TimeoutError:
        health = Health(healthy=False, error=f"no answer within {CHECK_S_MAX:.0f} s")
    condition: Object = {"type": "Healthy", "status": "True" if health.healthy else "False"}
    if health.message:
        condition["message"] = health.message
    if health.error:
        condition["error"] = health.error
    body = orjson.dumps({"metadata": {"name": name}, "conditions": [condition]})[1:]
    return Entry(key=call.served.prefix + name, revision=0, body=body, labels={}, fields={})


class LocalHealthz:
    """Asks a component of this machine for its `/healthz` over TLS, whoever signed its certificate."""

    def __init__(self, *, port: int) -> None:
        self._port = port

    async def __call__(self) -> Health:
        address = f"127.0.0.1:{self._port}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # nothing is told to it, and it may have made its certificate itself
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=context)
        except ConnectionRefusedError:
            return Health(healthy=False, message=f'Get "https://{address}/healthz": dial tcp {address}: {_REFUSED}')
        except OSError as error:
            return Health(healthy=False, message=f'Get "https://{address}/healthz": {error}')
        try:
            writer.write(f"GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read(_ANSWER_BYTES_MAX)
        except OSError as error:
            return Health(healthy=False, message=f'Get "https://{address}/healthz": {error}')
        finally:
            writer.close()
        return _judge(answer)


def _judge(answer: bytes) -> Health:
    head, _, body = answer.partition(b"\r\n\r\n")
    code = head.split(b" ", 2)[1:2]
    text = body.decode(errors="replace")
    if code and code[0][:1] in (b"2", b"3"):
        return Health(healthy=True, message=text)
    number = code[0].decode(errors="replace") if code else "none"
    return Health(healthy=False, message=f"HTTP probe failed with statuscode: {number}")

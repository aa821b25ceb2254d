"""Faults on the way between clients and the API server: what is refused, held up, or lost; and who asked for what.

    faults.fail(verb="update", resource="deployments", code=409, times=3)
    faults.delay(5, component="kube-scheduler")
    faults.lose_answers(verb="create", resource="pods", times=1)      # it is done, and whoever asked never hears of it
    faults.clear()

A component is named as in its user agent: `steersman/NAME`, or the first word of anybody else's. Rules are looked at in
the order in which they were made; the first that means a request, and is not used up, decides.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steersman.apiserver import respond
from steersman.apiserver.requestinfo import RequestInfo, parse_request
from steersman.client.errors import Interrupted
from steersman.lib.http.message import Response, StreamResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steersman.lib.http.message import Answer, BodyStream, Handler, Request


@dataclass(frozen=True, slots=True)
class Call:
    """One request and how it was answered. `code` is 0 where the answer was lost, or a watch was opened."""

    component: str
    verb: str
    info: RequestInfo
    body: bytes
    code: int
    answer: bytes = b""


@dataclass(slots=True)
class _Rule:
    """`times`: how often it still applies; None: until it is cleared."""

    verb: str
    resource: str
    component: str
    namespace: str
    times: int | None
    code: int = 0
    message: str = ""
    delay_s: float = 0.0
    lost: bool = False

    def means(self, component: str, info: RequestInfo) -> bool:
        resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
        return (
            info.is_resource
            and self.times != 0
            and self.verb in ("", info.verb)
            and self.resource in ("", resource)
            and self.component in ("", component)
            and self.namespace in ("", info.namespace)
        )


@dataclass(slots=True, eq=False)
class _Watch:
    component: str
    resource: str
    body: BodyStream


class Faults:
    """See the module. Without rules every request passes as it is."""

    def __init__(self) -> None:
        self.observers: list[Callable[[Call], None]] = []
        """Told of every request for a resource once it is answered."""
        self._rules: list[_Rule] = []
        self._watches: set[_Watch] = set()

    # -- what a test says

    def fail(
        self,
        *,
        verb: str = "",
        resource: str = "",
        component: str = "",
        namespace: str = "",
        code: int = 500,
        message: str = "refused by a fault",
        times: int | None = None,
    ) -> None:
        """Refuse requests: they do not reach the API server. `resource`: plural, `/subresource` where one is meant."""
        self._rules.append(_Rule(verb, resource, component, namespace, times, code=code, message=message))

    def delay(
        self,
        seconds: float,
        *,
        verb: str = "",
        resource: str = "",
        component: str = "",
        namespace: str = "",
        times: int | None = None,
    ) -> None:
        """Hold requests up before they reach the API server."""
        self._rules.append(_Rule(verb, resource, component, namespace, times, delay_s=seconds))

    def lose_answers(
        self,
        *,
        verb: str = "",
        resource: str = "",
        component: str = "",
        namespace: str = "",
        times: int | None = None,
    ) -> None:
        """Carry requests out and cut the connection before they are answered."""
        self._rules.append(_Rule(verb, resource, component, namespace, times, lost=True))

    def drop_watches(self, *, resource: str = "", component: str = "") -> int:
        """Cut open watches; how many there were. In the loop of the cluster (Cluster.drop_watches sees to that)."""
        cut = [each for each in self._watches if resource in ("", each.resource) and component in ("", each.component)]
        for watch in sorted(cut, key=lambda each: (each.component, each.resource)):
            watch.body.abort()
        return len(cut)

    def clear(self) -> None:
        """Let everything pass again."""
        self._rules.clear()

    # -- between clients and the API server

    def wrap(self, handler: Handler) -> Handler:
        """The handler behind the faults."""

        def handle(request: Request) -> Answer | Awaitable[Answer]:
            info = parse_request(request.method, request.path, watch="watch=true" in request.query)
            component = _component(request)
            rule = self._rule(component, info)
            if rule is None and not self.observers and info.verb != "watch":
                return handler(request)
            if rule is not None and rule.code:
                refusal = respond.transport_error(rule.code, rule.message)
                self._tell(component, info, request, refusal)
                return refusal
            return self._pass(handler, request, component, info, rule)

        return handle

    async def _pass(
        self, handler: Handler, request: Request, component: str, info: RequestInfo, rule: _Rule | None
    ) -> Answer:
        if rule is not None and rule.delay_s:
            await asyncio.sleep(rule.delay_s)
        pending = handler(request)
        answer: Any = await pending if asyncio.iscoroutine(pending) or isinstance(pending, asyncio.Future) else pending
        self._tell(component, info, request, answer)
        if rule is not None and rule.lost:
            raise Interrupted(f"{request.method} {request.path}: the answer was lost by a fault")
        if isinstance(answer, StreamResponse) and info.verb == "watch":
            answer.run = self._followed(answer.run, component, info.resource)
        return answer  # type: ignore[no-any-return]

    def _rule(self, component: str, info: RequestInfo) -> _Rule | None:
        for rule in self._rules:
            if rule.means(component, info):
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None

    def _tell(self, component: str, info: RequestInfo, request: Request, answer: Any) -> None:
        if not self.observers or not info.is_resource:
            return
        whole = isinstance(answer, Response)
        body = answer.body if whole and isinstance(answer.body, bytes) else b""
        call = Call(component, info.verb, info, request.body, answer.status if whole else 0, body)
        for observer in self.observers:
            observer(call)

    def _followed(
        self, run: Callable[[BodyStream], Awaitable[None]], component: str, resource: str
    ) -> Callable[[BodyStream], Awaitable[None]]:
        async def followed(body: BodyStream) -> None:
            watch = _Watch(component, resource, body)
            self._watches.add(watch)
            try:
                await run(body)
            finally:
                self._watches.discard(watch)

        return followed


def _component(request: Request) -> str:
    agent = request.headers.get("user-agent")
    first = agent.split(" ", 1)[0]
    return first.removeprefix("steersman/") if first.startswith("steersman/") else first.partition("/")[0]

"""How many requests may wait for something at a time: beyond it answers 429, so that a flood finds an end.

Upstream's limits (apiserver: server/filters/maxinflight): 400 that only read, 200 that change something. What may last
(watches, logs, connections to pods, what is proxied) is neither counted nor turned away, and members of system:masters
are never turned away. A request that is answered without waiting costs no more than refusing it would, so only those
that wait are counted; there is no queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.apiserver import respond

if TYPE_CHECKING:
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.metrics import ServerMetrics
    from steersman.apiserver.requestinfo import RequestInfo
    from steersman.lib.http.message import Request, Response

RETRY_S = 1
_LONG_VERBS = ("watch", "proxy")
_LONG = frozenset(("attach", "exec", "log", "portforward", "proxy"))


def is_long_running(info: RequestInfo) -> bool:
    """Whether a request may take as long as it likes (upstream's BasicLongRunningRequestCheck)."""
    return info.is_resource and (info.verb in _LONG_VERBS or info.subresource in _LONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxInFlight:
    """The limits, and the gauges that they are compared with; 0 stands for no limit."""

    metrics: ServerMetrics
    reading: int = 400
    mutating: int = 200

    def refuse(self, request: Request, info: RequestInfo, user: User) -> Response | None:
        """The answer for one request too many."""
        metrics = self.metrics
        if request.method in ("GET", "HEAD"):
            if metrics.reading.value < self.reading or not self.reading:
                return None
        elif metrics.mutating.value < self.mutating or not self.mutating:
            return None
        if user.is_privileged or is_long_running(info):
            return None
        return respond.too_many_requests(RETRY_S)

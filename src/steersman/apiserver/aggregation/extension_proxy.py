"""Passes requests to a group version on to the extension server that an APIService names for it.

Invariants: whoever comes here was authorised by our own rules; the extension server is told who it is and judges for
itself.
Upstream differences: the query goes on as it came, it is not put in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.api.errors import ApiError, Timeout
from steersman.apiserver import respond
from steersman.apiserver.aggregation.identity import identity_headers
from steersman.apiserver.outbound.failure import Failure
from steersman.apiserver.outbound.reverse_proxy import Forward
from steersman.lib.http.client.errors import Timeout as NoAnswer

if TYPE_CHECKING:
    from steersman.apiserver.aggregation.extension_servers import ExtensionServers
    from steersman.apiserver.aggregation.registrations import Registration, Registrations
    from steersman.apiserver.app import Outcome
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.outbound.reverse_proxy import ReverseProxy
    from steersman.lib.http.message import Request, Response

DISCOVERY_S: Final = 5.0
"""What clients wait for before they do anything else has to come fast."""
REQUEST_S: Final = 60.0
"""Upstream's --request-timeout."""
UNAVAILABLE: Final = "service unavailable"


class ExtensionProxy:
    """Knows whose a path is, and passes on."""

    def __init__(self, *, registrations: Registrations, servers: ExtensionServers, proxy: ReverseProxy) -> None:
        self._registrations = registrations
        self._servers = servers
        self._proxy = proxy

    def owner(self, path: str) -> Registration | None:
        """The APIService whose server answers at a path; None: this server does."""
        return self._registrations.owner(path)

    async def serve(
        self, request: Request, user: User, registration: Registration, *, patient: bool = False
    ) -> Outcome:
        """The extension server's answer, or why there is none, as plain text: it is not this API that fails.

        `patient`: the answer may take as long as it likes to begin, as a watch does. Raises Timeout.
        """
        backend = registration.backend
        assert backend is not None
        if not registration.available:
            return _refusal(UNAVAILABLE, 503)
        try:
            target = self._servers.target(backend)
        except Failure as error:
            return _refusal(str(error), 500)
        except ApiError:
            return _refusal(UNAVAILABLE, 503)
        is_discovery = request.path.rstrip("/") == registration.path
        to = Forward(
            target=target,
            path=f"{request.raw_path}?{request.query}" if request.query else request.raw_path,
            host=target.authority,
            added=identity_headers(user),
            allow_redirects=False,
            timeout_s=DISCOVERY_S if is_discovery else None if patient else REQUEST_S,
        )
        try:
            return await self._proxy.forward(request, to)
        except ApiError as error:
            if isinstance(error.__cause__, NoAnswer) and not is_discovery:
                raise Timeout("Timeout: request did not complete within the allotted timeout", details={}) from error
            return _refusal(str(error), 503)


def _refusal(text: str, status: int) -> Response:
    return respond.text(f"{text}\n", status)

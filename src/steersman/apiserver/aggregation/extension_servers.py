"""Extension API servers: where the one behind an APIService is, and short questions to it.

Reads: services, endpointslices (through the resolver). Writes: nothing.
Invariants: the server sees the front proxy's certificate; ours is given to nobody whose own is not of the APIService's
bundle (of the machine's authorities without one), unless the APIService says that it need not be.
Upstream differences: connections go to ready endpoints, as with its --enable-aggregator-routing, since this server may
stand where service addresses are not routed.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from steersman import KUBERNETES_VERSION
from steersman.apiserver.aggregation.identity import identity_headers
from steersman.apiserver.outbound.failure import Failure
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.apiserver.aggregation.registrations import Backend
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.outbound.resolver import ServiceResolver
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import ClientResponse
    from steersman.lib.http.message import HeaderPairs

CONTEXTS_MAX: Final = 256
USER_AGENT: Final = f"kube-apiserver/{KUBERNETES_VERSION}"


class ExtensionServers:
    """Finds them, and asks them."""

    def __init__(
        self, *, client: HttpClient, resolver: ServiceResolver, certificate: tuple[Path, Path] | None = None
    ) -> None:
        """`certificate`: certificate and key of the front proxy, PEM files."""
        self._client = client
        self._resolver = resolver
        self._certificate = certificate
        self._contexts: dict[tuple[bytes, bool], ssl.SSLContext] = {}

    def renewed(self) -> None:
        """The certificate's files were replaced: connections that begin from now on show the new one."""
        self._contexts.clear()

    def target(self, backend: Backend) -> Target:
        """A ready endpoint. Raises ApiError (ServiceUnavailable: there is none), Failure (the bundle is of no use)."""
        context = self._context(backend.ca_bundle, backend.insecure)
        host, port = self._resolver.resolve(backend.namespace, backend.service, backend.port)
        return Target(host, port, context, backend.server_name)

    async def get(
        self, target: Target, path: str, *, user: User, timeout_s: float, accept: str = "", etag: str = ""
    ) -> ClientResponse:
        """GET, as `user`. Raises ClientError."""
        headers: HeaderPairs = (("User-Agent", USER_AGENT), *identity_headers(user))
        if accept:
            headers = (*headers, ("Accept", accept))
        if etag:
            headers = (*headers, ("If-None-Match", etag))
        return await self._client.request(target, "GET", path, headers=headers, timeout_s=timeout_s)

    def _context(self, ca_bundle: bytes, insecure: bool) -> ssl.SSLContext:
        key = (ca_bundle, insecure)
        context = self._contexts.get(key)
        if context is None:
            if len(self._contexts) >= CONTEXTS_MAX:
                self._contexts.clear()
            context = self._contexts[key] = _context(ca_bundle, insecure, self._certificate)
        return context


def _context(ca_bundle: bytes, insecure: bool, certificate: tuple[Path, Path] | None) -> ssl.SSLContext:
    shown, key = certificate if certificate is not None else (None, None)
    try:
        authorities = ca_bundle.decode("ascii") if ca_bundle and not insecure else None
        return client_context(authorities_pem=authorities, certificate=shown, key=key, verify=not insecure)
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        raise Failure("unable to load root certificates: unable to parse bytes as PEM block") from None

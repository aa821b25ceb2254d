"""The chain of proofs: asks each in turn, remembers bearer tokens that held.

Order and errors are upstream's: the first proof that holds wins; one that does not hold is remembered and the next is
asked; only a request without any credential is anonymous.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from steersman.api.errors import Unauthorized
from steersman.apiserver.authn.credentials import Identified, Rejected, aggregate
from steersman.apiserver.authn.user import User, with_authenticated_group

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.apiserver.authn.credentials import RequestProof, TokenProof
    from steersman.lib.http.message import Headers

_CACHED_TOKENS_MAX = 8192
_BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io."
INVALID_TOKEN = "invalid bearer token"  # noqa: S105 - a message


class Authenticator:
    """`requests`: proofs before bearer tokens; `tokens`: proofs of bearer tokens; `last`: when nothing was
    presented.
    """

    def __init__(
        self,
        *,
        requests: tuple[RequestProof, ...],
        tokens: tuple[TokenProof, ...],
        last: RequestProof | None,
        audiences: tuple[str, ...],
    ) -> None:
        self.audiences = audiences
        self._requests = requests
        self._tokens = tokens
        self._last = last
        self._held: dict[str, Identified] = {}

    def authenticate(self, headers: Headers, peer_certificate_der: bytes | None, now: datetime) -> User:
        """Who asks. Raises Unauthorized. The caller removes the credentials from what it hands on."""
        if peer_certificate_der is None:
            held = self._remembered(headers.get("authorization"), now)
            if held is not None:
                return held.user
        return with_authenticated_group(self._identify(headers, peer_certificate_der, now).user)

    def review(self, token: str, audiences: tuple[str, ...], now: datetime) -> Identified:
        """What a bearer token proves at `audiences` (empty: the API server's). Raises Rejected; its message may
        be shown.
        """
        wanted = audiences or self.audiences
        try:
            # As at the door: whatever stands behind the first blank of a header is no part of the token.
            first = token.split(" ", 1)[0]
            identified = self._identify_token(first, wanted, now) if first else None
        except Rejected as error:
            raise Rejected(aggregate((INVALID_TOKEN, str(error)))) from error
        if identified is None:
            raise Rejected(INVALID_TOKEN)
        return Identified(with_authenticated_group(identified.user), identified.audiences, identified.expires)

    def _identify(self, headers: Headers, certificate: bytes | None, now: datetime) -> Identified:
        rejected = False
        for proof in self._requests:
            try:
                identified = proof.authenticate(headers, certificate, now)
            except Rejected:
                rejected = True
                continue
            if identified is not None:
                return identified
        try:
            identified = self._bearer(headers, now) or self._websocket(headers, now)
        except Rejected:
            raise Unauthorized from None
        if identified is None and not rejected and self._last is not None:
            identified = self._last.authenticate(headers, certificate, now)
        if identified is None:
            raise Unauthorized
        return identified

    def _remembered(self, authorization: str, now: datetime) -> Identified | None:
        """A proof of this very header that still holds. Raises Unauthorized when it does not any more."""
        held = self._held.get(authorization)
        if held is None or (held.expires is not None and now > held.expires):
            return None
        if held.still_holds is not None:
            try:
                held.still_holds(now)
            except Rejected:
                del self._held[authorization]
                raise Unauthorized from None
        return held

    def _bearer(self, headers: Headers, now: datetime) -> Identified | None:
        authorization = headers.get("authorization")
        token = bearer_token(authorization)
        if not token:
            return None
        held = self._remembered(authorization, now)
        if held is not None:
            return held
        identified = self._identify_token(token, self.audiences, now)
        if identified is None:
            raise Rejected(INVALID_TOKEN)
        if len(self._held) >= _CACHED_TOKENS_MAX:
            self._held.clear()
        user = with_authenticated_group(identified.user)
        held = Identified(user, identified.audiences, identified.expires, identified.still_holds)
        self._held[authorization] = held
        return held

    def _websocket(self, headers: Headers, now: datetime) -> Identified | None:
        """Browsers cannot set headers on WebSockets: the token comes as a subprotocol, beside at least one other."""
        if "sec-websocket-protocol" not in headers or headers.get("upgrade").lower() != "websocket":
            return None
        token, _ = websocket_token(headers.get_all("sec-websocket-protocol"))
        if not token:
            return None
        identified = self._identify_token(token, self.audiences, now)
        if identified is None:
            raise Rejected(INVALID_TOKEN)
        return identified

    def _identify_token(self, token: str, audiences: tuple[str, ...], now: datetime) -> Identified | None:
        messages = []
        for proof in self._tokens:
            try:
                identified = proof.authenticate_token(token, audiences, now)
            except Rejected as error:
                messages.append(str(error))
                continue
            if identified is not None:
                return identified
        if messages:
            raise Rejected(aggregate(messages))
        return None


def bearer_token(authorization: str) -> str:
    """The token of an Authorization header, empty when it holds none."""
    parts = authorization.strip().split(" ", 2)
    return parts[1] if len(parts) > 1 and parts[0].lower() == "bearer" else ""


def websocket_token(protocol_headers: list[str]) -> tuple[str, list[str]]:
    """The token among WebSocket subprotocols (empty without one), and the other subprotocols. Raises Rejected."""
    tokens, others = [], []
    for header in protocol_headers:
        for protocol in (part.strip() for part in header.split(",")):
            if protocol.startswith(_BEARER_PROTOCOL):
                tokens.append(protocol[len(_BEARER_PROTOCOL) :])
            else:
                others.append(protocol)
    if not tokens:
        return "", others
    if len(tokens) > 1:
        raise Rejected("multiple base64.bearer.authorization tokens specified")
    encoded = tokens[0]
    try:
        padded = encoded.encode("ascii") + b"=" * (-len(encoded) % 4)
        token = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise Rejected("invalid base64.bearer.authorization token encoding") from error
    if token and not others:
        raise Rejected("missing additional subprotocol")
    return token, others

"""What the server says of itself: /version, the index of paths, and the documents with which others verify its
tokens.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from steersman import KUBERNETES_VERSION
from steersman.api.errors import NotAcceptable
from steersman.apiserver import respond
from steersman.apiserver.codec.negotiate import Representation
from steersman.lib.http.message import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.service_account_issuer import TokenIssuer
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.codec.negotiate import Negotiator
    from steersman.apiserver.documents import Documents
    from steersman.lib.http.message import Request

_INDENTED = Representation(pretty=True)
"""Whoever asks: people read these, and scripts that are older than JSON parsers."""
_SELF = frozenset(("/", "/index.html"))
_JWKS = "application/jwk-set+json"


def version_info() -> Object:
    """As `version.Info`: what kubectl compares its own version with. The compiler is the one that runs us."""
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": KUBERNETES_VERSION,
        "gitCommit": "$Format:%H$",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.26.8",
        "compiler": "gc",
        "platform": f"linux/{machine}",
    }


class About:
    """`paths`: gives every path that answers, for the index."""

    def __init__(self, *, negotiator: Negotiator, issuer: TokenIssuer, paths: Callable[[], Iterable[str]]) -> None:
        self._negotiator = negotiator
        self._issuer = issuer
        self._paths = paths
        self._version = version_info()

    def register(self, documents: Documents) -> None:
        documents.add("/version", self._serve_version)
        documents.add("/", self._index)
        documents.add("/index.html", self._index)
        documents.add("/.well-known/openid-configuration", self._configuration)
        documents.add("/openid/v1/jwks", self._keys)
        documents.add_prefix("/debug/pprof/", self._profile)

    def _serve_version(self, request: Request, _user: User) -> Response:
        accept = request.headers.get("accept")
        if request.method != "GET":
            return respond.failure(respond.method_not_allowed(), accept, self._negotiator)
        return respond.document(self._version, _INDENTED)

    @staticmethod
    def _profile(_request: Request, _user: User) -> Response:
        """Profiles of a Go program, which this is not."""
        return respond.text("Unknown profile\n", 404)

    def _index(self, _request: Request, _user: User) -> Response:
        return respond.document({"paths": sorted(set(self._paths()) - _SELF)}, _INDENTED)

    def _configuration(self, _request: Request, _user: User) -> Response:
        return Response(
            200, self._issuer.discovery_document(), respond.JSON, (("Cache-Control", "public, max-age=3600"),)
        )

    def _keys(self, request: Request, _user: User) -> Response:
        accept = request.headers.get("accept") or "*/*"
        offered = [part.partition(";")[0].strip() for part in accept.split(",")]
        if _JWKS not in offered and "*/*" not in offered:
            refusal = NotAcceptable(
                f"406: Not Acceptable\n\nAvailable representations: {_JWKS}",
                details={},
            )
            return respond.failure(refusal, accept, self._negotiator)
        return Response(200, self._issuer.jwks(), _JWKS, (("Cache-Control", "public, max-age=3600"),))

"""`/statusz` and `/flagz`: what runs here since when, and with which settings (KEP-4827, KEP-4828).

For people as text, in a form that promises nothing; for programs as JSON or YAML, if they name the kind:
`application/json;g=config.k8s.io;v=v1beta1;as=Statusz`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import NotAcceptable
from steersman.apiserver import respond
from steersman.apiserver.about import version_info
from steersman.apiserver.codec.negotiate import Representation, parse_accept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.codec.negotiate import Media, Negotiator
    from steersman.apiserver.documents import Documents
    from steersman.lib.clock import Clock
    from steersman.lib.http.message import Request, Response

COMPONENT = "apiserver"
_GROUP = "config.k8s.io"
_VERSIONS = ("v1alpha1", "v1beta1")
_OLD = "v1alpha1"
_MEDIA: Mapping[str, Media] = {"json": "json", "yaml": "yaml"}
_ACCEPTED = "application/json, application/yaml, text/plain"
_WARNING = (
    "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is "
    "for debugging purposes only."
)
_NO_PAGES = frozenset(("api", "apis", "openapi", "openid", ".well-known"))


class ZPages:
    """`paths` gives every path of the index; `settings` are those of the server, by the names of their options."""

    def __init__(
        self,
        *,
        clock: Clock,
        negotiator: Negotiator,
        paths: Callable[[], Iterable[str]],
        settings: Mapping[str, str],
    ) -> None:
        self._clock = clock
        self._negotiator = negotiator
        self._paths = paths
        self._settings = dict(sorted(settings.items()))
        self._started = clock.now()

    def register(self, documents: Documents) -> None:
        documents.add("/statusz", self._statusz)
        documents.add("/flagz", self._flagz)

    def _statusz(self, request: Request, _user: User) -> Response:
        about = version_info()
        uptime = max(0, int((self._clock.now() - self._started).total_seconds()))
        release = f"{about['major']}.{about['minor']}"
        pages = sorted({f"/{first}" for path in self._paths() if (first := path.split("/")[1]) not in {*_NO_PAGES, ""}})
        lines = (
            f"Started: {self._started:%a %b %e %H:%M:%S UTC %Y}",
            f"Up: {uptime // 3600} hr {uptime // 60 % 60:02} min {uptime % 60:02} sec",
            f"Go version: {about['goVersion']}",
            f"Binary version: {release}",
            f"Emulation version: {release}",
            f"Paths: {' '.join(pages)}",
        )
        fields: Object = {
            "startTime": f"{self._started:%Y-%m-%dT%H:%M:%SZ}",
            "uptimeSeconds": uptime,
            "goVersion": about["goVersion"],
            "binaryVersion": release,
            "emulationVersion": release,
            "paths": pages,
        }
        return self._answer(request, "Statusz", ("", *lines), fields)

    def _flagz(self, request: Request, _user: User) -> Response:
        lines = tuple(f"{name}={value}" for name, value in self._settings.items())
        return self._answer(request, "Flagz", lines, {"flags": self._settings})

    def _answer(self, request: Request, kind: str, lines: tuple[str, ...], fields: Object) -> Response:
        accept = request.headers.get("accept")
        for clause in parse_accept(accept or "text/plain"):
            if clause.params.get("as") is None:
                if (clause.type, clause.subtype) in (("text", "plain"), ("text", "*"), ("*", "*")):
                    text = "\n".join(("", f"{COMPONENT} {kind.lower()}", _WARNING, *lines, ""))
                    return respond.text(text)
                continue
            version = clause.params.get("v", "")
            media = _MEDIA.get(clause.subtype) if clause.type == "application" else None
            named = (clause.params.get("g"), clause.params["as"]) == (_GROUP, kind)
            if media is None or not named or version not in _VERSIONS:
                continue
            head = {"kind": kind, "apiVersion": f"{_GROUP}/{version}", "metadata": {"name": COMPONENT}}
            answer = respond.document(head | fields, Representation(media))
            if version == _OLD:
                text = f"This version of the {kind.lower()} endpoint is deprecated. Please use a newer version."
                answer.unique_headers = respond.warning_headers([text])
            return answer
        refusal = NotAcceptable(f"only the following media types are accepted: {_ACCEPTED}")
        return respond.failure(refusal, accept, self._negotiator)

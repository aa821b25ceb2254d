"""Content negotiation: which representation answers a request, and which decoder reads its body.

Upstream decides twice. Its router compares plain media types and refuses with "406: Not Acceptable" (or 415), before
anything else is looked at; then the handler reads parameters, order and q-values and refuses with "only the following
media types are accepted". Custom resources do not pass the router, and offer protobuf only for metadata
(PartialObjectMetadata).

Answers depend on few different header strings, so they are remembered by them (bounded).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from steersman.api.errors import NotAcceptable, UnsupportedMediaType

_Key = TypeVar("_Key")
Media = Literal["json", "yaml", "protobuf"]
Form = Literal["object", "table", "partial", "partial-list"]

MEDIA_TYPES: dict[Media, str] = {
    "json": "application/json",
    "yaml": "application/yaml",
    "protobuf": "application/vnd.kubernetes.protobuf",
}
PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
_CUSTOM_PATCH_TYPES = tuple(name for name in PATCH_TYPES if "strategic" not in name)
_ORDER: tuple[Media, ...] = ("json", "yaml", "protobuf")
_ALL = tuple(MEDIA_TYPES.values())
_STREAMS = tuple(f"{MEDIA_TYPES[media]};stream=watch" for media in _ORDER if media != "yaml")
_FORMS: dict[str, Form] = {
    "Table": "table",
    "PartialObjectMetadata": "partial",
    "PartialObjectMetadataList": "partial-list",
}
_BY_TYPE: dict[str, Media] = {name: media for media, name in MEDIA_TYPES.items()}
_REMEMBERED_MAX = 1024
_PEOPLE = ("curl", "Wget", "Mozilla/5.0")
_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))


@dataclass(frozen=True, slots=True)
class Representation:
    """How to write an answer."""

    media: Media = "json"
    form: Form = "object"
    version: str = "v1"
    """Of meta.k8s.io, where the form is not "object": v1 or v1beta1."""
    pretty: bool = False

    @property
    def content_type(self) -> str:
        return MEDIA_TYPES[self.media]

    @property
    def watch_content_type(self) -> str:
        """JSON streams carry the plain type."""
        return self.content_type if self.media == "json" else f"{self.content_type};stream=watch"


@dataclass(frozen=True, slots=True)
class _Clause:
    type: str
    subtype: str
    q: float = 1.0
    params: dict[str, str] = field(default_factory=dict)


class Negotiator:
    """Remembers its decisions; holds nothing else. Empty or absent headers are given as ""."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, bool, bool, bool], Representation] = {}
        self._watches: dict[tuple[str, bool], Representation] = {}
        self._errors: dict[str, Representation] = {}

    def answer(
        self, accept: str, *, custom: bool = False, watchable: bool = False, tables: bool = True
    ) -> Representation:
        """How to answer anything but a watch. `watchable`: the path is a collection's, read with GET (it only changes
        the text of a refusal). `tables`: there is a Table form. Raises NotAcceptable.
        """
        key = (accept, custom, watchable, tables)
        found = self._answers.get(key)
        if found is None:
            if not custom:
                _route(accept, (*_ALL, *_STREAMS) if watchable else _ALL)
            found = _choose(accept, custom=custom, tables=tables)
            if found is None:
                raise _not_acceptable(_ALL)
            _remember(self._answers, key, found)
        return found

    def watch(self, accept: str, *, custom: bool = False) -> Representation:
        """How to send the events of a watch: JSON or protobuf. Raises NotAcceptable."""
        key = (accept, custom)
        found = self._watches.get(key)
        if found is None:
            if not custom:
                _route(accept, (*_ALL, *_STREAMS))
            found = _choose(accept, custom=custom)
            if found is None or found.media == "yaml":
                raise _not_acceptable(_STREAMS)
            _remember(self._watches, key, found)
        return found

    def error(self, accept: str) -> Representation:
        """How to answer with a Status: as asked if possible, as JSON otherwise."""
        found = self._errors.get(accept)
        if found is None:
            found = _choose(accept, custom=False, transforms=False) or Representation()
            _remember(self._errors, accept, found)
        return found


def pretty(representation: Representation, query: str | None, user_agent: str) -> Representation:
    """The representation indented, if `?pretty=` says so or, without it, if a person seems to look on."""
    if representation.media != "json" or representation.pretty:
        return representation
    wanted = query in _TRUE if query else user_agent.startswith(_PEOPLE)
    return replace(representation, pretty=True) if wanted else representation


def body_media(content_type: str, *, custom: bool = False) -> Media:
    """Which decoder reads a body; no type means JSON. Raises UnsupportedMediaType."""
    media = _BY_TYPE.get(content_type) if content_type else "json"
    if media is None:
        media = _BY_TYPE.get(content_type.partition(";")[0].strip().lower())
    if media is None or (custom and media == "protobuf"):
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {', '.join(_ALL)}"
        )
    return media


def patch_type(content_type: str, *, custom: bool = False) -> str:
    """The patch's media type, one of PATCH_TYPES. Raises UnsupportedMediaType."""
    name = content_type.partition(";")[0].strip(" ")
    if custom:
        if name not in _CUSTOM_PATCH_TYPES:
            raise UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: "
                + ", ".join(_CUSTOM_PATCH_TYPES)
            )
    elif name not in PATCH_TYPES:
        raise UnsupportedMediaType("415: Unsupported Media Type", details={})
    return name


def _remember(store: dict[_Key, Representation], key: _Key, value: Representation) -> None:
    if len(store) >= _REMEMBERED_MAX:
        store.clear()
    store[key] = value


def _route(accept: str, produced: tuple[str, ...]) -> None:
    """The router's look at the header: plain types, no parameters, no partial wildcards."""
    for part in (accept or "*/*").split(","):
        name = part.partition(";")[0].strip(" ")
        if name == "*/*" or name in produced:
            return
    raise NotAcceptable(
        f"406: Not Acceptable\n\nAvailable representations: {', '.join(produced)}",
        details={},
    )


def _not_acceptable(accepted: tuple[str, ...]) -> NotAcceptable:
    return NotAcceptable(f"only the following media types are accepted: {', '.join(accepted)}")


def _choose(accept: str, *, custom: bool, transforms: bool = True, tables: bool = True) -> Representation | None:
    if not accept:
        return Representation()
    for clause in parse_accept(accept):
        for media in _ORDER:
            subtype = MEDIA_TYPES[media].partition("/")[2]
            by_type = clause.type == "application" and clause.subtype in (subtype, "*")
            if not by_type and not (clause.type == "*" and clause.subtype == "*"):
                continue
            found = _accept(clause.params, media, custom=custom, transforms=transforms)
            if found is not None and (tables or found.form != "table"):
                return found
    return None


def _accept(params: dict[str, str], media: Media, *, custom: bool, transforms: bool) -> Representation | None:
    """What a clause means for one media type, None if it cannot be had."""
    stream = params.get("stream")
    if stream and (media == "yaml" or stream != "watch"):
        return None
    server_version = params.get("sv")
    if server_version and not (transforms and server_version == "v1"):
        return None
    wants_pretty = params.get("pretty") == "1" and media == "json"
    if not params.keys() & {"as", "g", "v"}:
        return None if custom and media == "protobuf" else Representation(media, pretty=wants_pretty)
    form = _FORMS.get(params.get("as", ""))
    version = params.get("v", "")
    if not transforms or form is None or params.get("g") != "meta.k8s.io" or version not in ("v1", "v1beta1"):
        return None
    if form == "table" and media == "protobuf":
        return None
    return Representation(media, form, version, wants_pretty)


def parse_accept(header: str) -> list[_Clause]:
    """The clauses of an Accept header in the order in which upstream tries them."""
    clauses: list[_Clause] = []
    for part in header.split(","):
        name, _, rest = part.strip(" ").partition(";")
        kind, _, subtype = name.partition("/")
        kind, subtype = kind.strip(" "), subtype.strip(" ")
        if not subtype and kind == "*":
            subtype = "*"
        if not subtype or "/" in subtype:
            continue
        q, params = 1.0, {}
        for param in rest.split(";"):
            key, _, value = param.partition("=")
            if not value or "=" in value:
                continue
            if key.strip(" ") == "q":
                try:
                    q = float(value)
                except ValueError:
                    q = 0.0
            else:
                params[key.strip(" ")] = value.strip(" ")
        clauses.append(_Clause(kind, subtype, q, params))
    # Upstream's comparison is no order at all (a wildcard loses to a type whatever their q), so the outcome depends on
    # the algorithm: insertion sort for up to twelve clauses.
    for i in range(1, len(clauses)):
        j = i
        while j and _before(clauses[j], clauses[j - 1]):
            clauses[j - 1], clauses[j] = clauses[j], clauses[j - 1]
            j -= 1
    return clauses


def _before(a: _Clause, b: _Clause) -> bool:
    return a.q > b.q or (a.type != "*" and b.type == "*") or (a.subtype != "*" and b.subtype == "*")

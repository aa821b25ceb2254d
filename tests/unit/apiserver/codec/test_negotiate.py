"""Which representation answers a request, and which decoder reads its body."""

from __future__ import annotations

import pytest

from steersman.api.errors import NotAcceptable, UnsupportedMediaType
from steersman.apiserver.codec.negotiate import Negotiator, Representation, body_media, parse_accept, patch_type, pretty

_ROUTER = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf"
_HANDLER = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
_STREAMS = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
_META = "g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", Representation()),
        ("*/*", Representation()),
        ("application/json", Representation()),
        ("application/yaml", Representation("yaml")),
        ("application/vnd.kubernetes.protobuf,application/json", Representation("protobuf")),
        ("application/json;q=0.1,application/yaml", Representation("yaml")),
        ("application/json;q=0.1,*/*", Representation()),
        ("application/json;pretty=1", Representation(pretty=True)),
        (f"application/json;as=Table;v=v1;{_META}", Representation("json", "table")),
        (f"application/json;as=Table;v=v1beta1;{_META}", Representation("json", "table", "v1beta1")),
        (f"application/yaml;as=Table;v=v1;{_META}", Representation("yaml", "table")),
        (f"application/json;as=Nope;v=v1;{_META},application/json", Representation()),
        (f"application/vnd.kubernetes.protobuf;as=Table;v=v1;{_META},application/json", Representation()),
        (
            f"application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;{_META}",
            Representation("protobuf", "partial"),
        ),
        (f"application/json;as=PartialObjectMetadataList;v=v1;{_META}", Representation("json", "partial-list")),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Representation()),
        ("application/json;stream=watch", Representation()),
    ],
)
def test_the_first_clause_that_can_be_had_wins(accept: str, expected: Representation) -> None:
    negotiator = Negotiator()
    assert negotiator.answer(accept) == expected
    assert negotiator.answer(accept) is negotiator.answer(accept)


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        ("text/html", _ROUTER),
        ("application/*", _ROUTER),
        ("application/cbor", _ROUTER),
        (f"application/json;as=Table;v=v2;{_META}", _HANDLER),
        ("application/json;as=Table;v=v1;g=x", _HANDLER),
        ("application/json;g=meta.k8s.io", _HANDLER),
    ],
)
def test_the_router_and_the_handler_refuse_in_different_words(accept: str, text: str) -> None:
    with pytest.raises(NotAcceptable) as caught:
        Negotiator().answer(accept)
    assert caught.value.message == text
    assert ("details" in caught.value.status()) == (text is _ROUTER)


def test_collections_also_list_their_streams() -> None:
    with pytest.raises(NotAcceptable) as caught:
        Negotiator().answer("text/html", watchable=True)
    assert caught.value.message == f"{_ROUTER}, {_STREAMS}"


def test_a_watch_is_sent_as_json_or_protobuf() -> None:
    negotiator = Negotiator()
    assert negotiator.watch("").watch_content_type == "application/json"
    protobuf = negotiator.watch("application/vnd.kubernetes.protobuf;stream=watch,application/json")
    assert protobuf.watch_content_type == "application/vnd.kubernetes.protobuf;stream=watch"
    with pytest.raises(NotAcceptable, match=f"only the following media types are accepted: {_STREAMS}"):
        negotiator.watch("application/yaml")


def test_custom_resources_offer_protobuf_for_metadata_only() -> None:
    negotiator = Negotiator()
    assert negotiator.answer("application/vnd.kubernetes.protobuf,application/json", custom=True).media == "json"
    partial = f"application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;{_META}"
    assert negotiator.answer(partial, custom=True) == Representation("protobuf", "partial")
    for accept in ("application/vnd.kubernetes.protobuf", "text/html"):
        with pytest.raises(NotAcceptable, match="only the following"):
            negotiator.answer(accept, custom=True)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/html", "json"),
        ("application/yaml", "yaml"),
        (f"application/yaml;as=Table;v=v1;{_META}", "json"),
        ("application/vnd.kubernetes.protobuf", "protobuf"),
    ],
)
def test_an_error_is_never_refused(accept: str, media: str) -> None:
    assert Negotiator().error(accept) == Representation(media)  # type: ignore[arg-type]


def test_pretty_is_asked_for_or_assumed_of_people() -> None:
    plain = Representation()
    assert pretty(plain, "true", "").pretty
    assert pretty(plain, "1", "").pretty
    assert not pretty(plain, "yes", "curl/8").pretty
    assert pretty(plain, None, "curl/8").pretty
    assert pretty(plain, "", "Mozilla/5.0 (X11)").pretty
    assert pretty(plain, None, "kubectl/v1.37.0") is plain
    assert not pretty(Representation("yaml"), "true", "").pretty


def test_content_types_of_bodies() -> None:
    assert body_media("") == body_media("APPLICATION/JSON") == body_media("application/json; charset=utf-8") == "json"
    assert body_media("application/yaml") == "yaml"
    assert body_media("application/vnd.kubernetes.protobuf") == "protobuf"
    for name in ("*/*", "text/plain", "application/cbor", "nonsense", "application/json-patch+json"):
        with pytest.raises(UnsupportedMediaType, match="the body of the request was in an unknown format"):
            body_media(name)


def test_content_types_of_patches() -> None:
    assert patch_type("application/json-patch+json; charset=utf-8") == "application/json-patch+json"
    assert patch_type("application/apply-patch+yaml") == "application/apply-patch+yaml"
    for name in ("", "application/json", "application/apply-patch+json"):
        with pytest.raises(UnsupportedMediaType, match="415: Unsupported Media Type"):
            patch_type(name)
    with pytest.raises(
        UnsupportedMediaType, match=r"json-patch.json, application/merge-patch.json, application/apply-patch.yaml"
    ):
        patch_type("application/strategic-merge-patch+json", custom=True)


def test_a_wildcard_loses_to_a_type_whatever_their_q() -> None:
    assert [c.subtype for c in parse_accept("*/*, application/json;q=0.1, application/yaml;q=0.5")] == [
        "yaml",
        "json",
        "*",
    ]

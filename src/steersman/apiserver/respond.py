"""Answers: objects, lists and errors in the representation that was asked for. HTTP is made of ApiErrors here and
nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.errors import (
    ApiError,
    BadRequest,
    InternalError,
    MethodNotAllowed,
    NotAcceptable,
    RequestEntityTooLarge,
    ServiceUnavailable,
)
from steersman.apiserver import longlists
from steersman.apiserver.codec import json, table, yaml
from steersman.apiserver.codec.negotiate import Negotiator, Representation, pretty
from steersman.apiserver.codec.partial import partial_list_of, partial_of, refuse_form
from steersman.apiserver.watchframes import Frames
from steersman.lib.http.message import BodyStream, HeaderPairs, Response, StreamResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.apiserver.codec.protobuf import Protobuf
    from steersman.store.watchcache import Entry

JSON = "application/json"
PLAIN = Representation()
NOT_ALLOWED = "the server does not allow this method on the requested resource"
TEXT = "text/plain; charset=utf-8"
NO_CACHE: HeaderPairs = (("Cache-Control", "no-cache, private"),)
NO_SNIFF: HeaderPairs = (*NO_CACHE, ("X-Content-Type-Options", "nosniff"))
WARNINGS_CHARS_MAX, WARNING_CHARS_MAX = 4096, 256
"""Of all warnings of an answer before they are cut, and of each one then."""
PIECE = 48
"""List items that are joined into one write."""
SHORT_MAX = 100
"""Lists up to so many objects are transformed in one go."""
WHOLE_BYTES_MAX = 256 * 1024
"""Lists up to this size leave in one write."""


def warning_headers(warnings: list[str]) -> HeaderPairs:
    """RFC 7234 Warning headers, code 299; each text once. If all together are too long, each is cut, and the rest left
    out, as upstream does.
    """
    if not warnings:
        return ()
    texts = [text for text in dict.fromkeys(warnings) if text]
    if sum(map(len, texts)) > WARNINGS_CHARS_MAX:
        texts = _cut(texts)
    return tuple(("Warning", f"299 - {_quoted(text)}") for text in texts)


def _cut(texts: list[str]) -> list[str]:
    kept: list[str] = []
    size = 0
    for text in texts:
        if size >= WARNINGS_CHARS_MAX:
            break
        kept.append(text[:WARNING_CHARS_MAX])
        size += len(kept[-1])
    return kept


def _quoted(text: str) -> str:
    cleaned = "".join(char for char in text if char.isprintable())
    return '"' + cleaned.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encode(obj: Object, representation: Representation, protobuf: Protobuf | None = None) -> bytes:
    """Any single object (a Status, a review, a document)."""
    if representation.media == "json":
        return json.encode_pretty(obj) if representation.pretty else json.encode(obj)
    if representation.media == "yaml":
        return yaml.encode(obj)
    if protobuf is None or not protobuf.knows(obj["apiVersion"], obj["kind"]):
        raise NotAcceptable(f"{obj['kind']} has no protobuf form")
    return protobuf.encode(obj)


def one(call: Call, body: bytes, status: int = 200) -> Response:
    """One object, given as the JSON that it is in the version that was asked for."""
    representation = call.representation
    if representation.media != "json" or representation.form != "object" or representation.pretty:
        body = _transformed(call, orjson.loads(body), representation)
    return Response(
        status,
        body,
        representation.content_type,
        NO_CACHE,
        warning_headers(call.warnings) if call.warnings else (),
        compressible=True,
    )


def status(call: Call, obj: Object, code: int = 200) -> Response:
    """A metav1.Status that says success; it has no table form."""
    representation = call.representation
    body = encode(obj, representation, call.protobuf)
    return Response(code, body, representation.content_type, NO_CACHE, warning_headers(call.warnings))


def _transformed(call: Call, obj: Object, representation: Representation) -> bytes:
    form = representation.form
    if form == "table":
        obj = table.table_of(
            call.served.resource,
            [obj],
            now=call.now,
            include_object=include_object(call),
            list_meta={"resourceVersion": obj["metadata"].get("resourceVersion", "")},
            version=representation.version,
        )
    elif form == "partial":
        hidden = call.served.resource.hidden_annotations
        obj = partial_of(obj, version=representation.version, hidden=hidden)
    else:
        refusal = refuse_form(form, is_list=False, go_type=_go_type(call))
        if refusal is not None:
            raise refusal
    return encode(obj, representation, call.protobuf)


def _go_type(call: Call) -> str:
    resource = call.served.resource
    if resource.custom:
        return "*unstructured.Unstructured"
    package = resource.group.split(".")[0] or "core"
    return f"*{package}.{resource.kind}"


def include_object(call: Call) -> str:
    """The includeObject parameter of tables. Raises BadRequest."""
    return table.include_object(call.request.param("includeObject"))


def list_meta(revision: int) -> bytes:
    return b'"resourceVersion":"%d"' % revision


def many(call: Call, entries: list[Entry], meta: bytes) -> Response | StreamResponse | Awaitable[Response]:
    """A list; `meta` is the inside of its metadata as JSON."""
    representation = call.representation
    if representation.media != "json" or representation.form != "object" or representation.pretty:
        return _transformed_list(call, entries, meta)
    served = call.served
    if served.resource.custom and b'"continue"' not in meta:
        # Upstream's lists of custom resources are no Go structs, and leave nothing out.
        meta = b'"continue":"",' + meta
    head = served.list_head + meta + b'},"items":['
    opening = served.type_meta if served.resource.custom else b"{"
    if served.resource.conversion is None:
        bodies = [entry.body for entry in entries]
    else:
        bodies = [served.body(entry) for entry in entries]
    headers = warning_headers(call.warnings)
    if sum(map(len, bodies)) <= WHOLE_BYTES_MAX:
        joined = (b"," + opening).join(bodies)
        body = b"".join((head, opening if bodies else b"", joined, b"]}\n"))
        return Response(200, body, JSON, NO_CACHE, headers, compressible=True)

    async def run(stream: BodyStream) -> None:
        separator = b"," + opening
        lead = head + opening
        for start in range(0, len(bodies), PIECE):
            stream.write(lead + separator.join(bodies[start : start + PIECE]))
            lead = separator
            if stream.paused:
                await stream.drain()
        stream.write(b"]}\n")

    return StreamResponse(status=200, run=run, content_type=JSON, headers=NO_CACHE, unique_headers=headers)


def _transformed_list(call: Call, entries: list[Entry], meta: bytes) -> Response | StreamResponse | Awaitable[Response]:
    served, representation = call.served, call.representation
    metadata = orjson.loads(b"{" + meta + b"}")
    if len(entries) > SHORT_MAX:
        if representation.media == "json" and representation.form in ("table", "partial-list"):
            include, now_headers = include_object(call), warning_headers(call.warnings)
            return StreamResponse(
                status=200,
                run=lambda stream: longlists.stream_json(call, entries, metadata, include, stream),
                content_type=JSON,
                headers=NO_CACHE,
                unique_headers=now_headers,
            )
        if representation.media == "protobuf" and representation.form == "object":
            return _protobuf_list(call, entries, metadata)
    objects = [served.object(entry) for entry in entries]
    document = list_document(call, objects, metadata)
    return Response(
        200,
        encode(document, representation, call.protobuf),
        representation.content_type,
        NO_CACHE,
        warning_headers(call.warnings),
        compressible=True,
    )


async def _protobuf_list(call: Call, entries: list[Entry], metadata: Object) -> Response:
    body = await longlists.protobuf_list(call, entries, metadata)
    content_type = call.representation.content_type
    return Response(200, body, content_type, NO_CACHE, warning_headers(call.warnings), compressible=True)


def list_document(call: Call, objects: list[Object], metadata: Object) -> Object:
    """The list object in the form that was asked for."""
    resource, representation = call.served.resource, call.representation
    if representation.form == "table":
        return table.table_of(
            resource,
            objects,
            now=call.now,
            include_object=include_object(call),
            list_meta=metadata,
            version=representation.version,
            whole_list=True,
        )
    if representation.form == "partial-list":
        hidden = resource.hidden_annotations
        return partial_list_of(objects, metadata, version=representation.version, hidden=hidden)
    refusal = refuse_form(representation.form, is_list=True, go_type=f"{_go_type(call)}List")
    if refusal is not None:
        raise refusal
    if resource.custom:
        metadata = {"continue": ""} | metadata
    else:
        for obj in objects:
            obj.pop("kind", None)
            obj.pop("apiVersion", None)
    return {
        "kind": resource.list_kind or f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": objects,
    }


def watch_frames(call: Call) -> Frames:
    """The frames of a watch in the form that was asked for."""
    return Frames(
        served=call.served,
        representation=call.representation,
        include=include_object(call),
        now=call.now,
        protobuf=call.protobuf,
    )


def failure(
    error: ApiError,
    accept: str,
    negotiator: Negotiator,
    warnings: list[str] | None = None,
    *,
    protobuf: Protobuf | None = None,
) -> Response:
    """An error as a Status, in a representation that the client reads if possible."""
    representation = negotiator.error(accept)
    if protobuf is None and representation.media == "protobuf":
        representation = PLAIN
    return Response(
        error.code,
        encode(error.status(), representation, protobuf),
        representation.content_type,
        NO_CACHE,
        (*error.headers, *warning_headers(warnings or [])),
    )


def method_not_allowed() -> MethodNotAllowed:
    return MethodNotAllowed(NOT_ALLOWED, details={})


def crash() -> ApiError:
    """What a client is told about an exception that should not have happened."""
    return InternalError("This request caused apiserver to panic. Look in the logs for details.")


def transport_error(code: int, message: str) -> Response:
    """What the HTTP server says about requests that never become one (400, 413, 431, ...), as a Status."""
    errors = {400: BadRequest, 413: RequestEntityTooLarge, 503: ServiceUnavailable}
    kind = errors.get(code, ApiError)
    if code == RequestEntityTooLarge.code:
        error: ApiError = RequestEntityTooLarge(f"Request entity too large: {message}")
    else:
        error = kind(message)
    status = error.status() | {"code": code}
    if kind is ApiError:
        status.pop("reason", None)
    return Response(code, json.encode(status), JSON, NO_CACHE)


def text(body: str, code: int = 200, *, sniff: bool = False) -> Response:
    """Plain text, as health checks and unknown paths answer."""
    return Response(code, body.encode(), TEXT, NO_CACHE if sniff else NO_SNIFF)


def too_many_requests(retry_s: int) -> Response:
    """A flood's answer. Plain text, as upstream's: it comes before anything that knows of Status."""
    body = b"Too many requests, please try again later.\n"
    return Response(429, body, TEXT, (*NO_SNIFF, ("Retry-After", str(retry_s))))


def document(
    body: Any,
    representation: Representation,
    code: int = 200,
    protobuf: Protobuf | None = None,
    headers: HeaderPairs = (),
) -> Response:
    """A document that is no resource (discovery, version)."""
    return Response(
        code, encode(body, representation, protobuf), representation.content_type, NO_CACHE, headers, compressible=True
    )


def wants_pretty(representation: Representation, query: str | None, user_agent: str) -> Representation:
    return pretty(representation, query, user_agent)

"""Serves `/openapi/v3`, its documents, and `/openapi/v2`, with what extension servers say in them.

A document's hash is known before the document is made, so the index costs nothing. Documents are made when somebody
asks, one at a time and in slices, and kept gzipped; whoever does not read gzip gets them unpacked in slices.

Upstream differences: hashes are those of what a document is made of.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections import defaultdict
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from steersman.apiserver import respond
from steersman.apiserver.codec.negotiate import parse_accept
from steersman.apiserver.openapi import gnostic, gnostic_v3, v2
from steersman.apiserver.openapi.convert import converted_parts
from steersman.apiserver.openapi.documents import (
    Chapter,
    chapters,
    facts_of,
    info_of,
    info_v2,
    parts_v2,
    parts_v3,
    pieces_v2,
    pieces_v3,
)
from steersman.lib.aio import Pacer
from steersman.lib.http.compression import negotiate_gzip
from steersman.lib.http.message import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.aggregation.extension_openapi import ExtensionOpenAPI
    from steersman.apiserver.app import Outcome
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.documents import Documents
    from steersman.apiserver.openapi.descriptions import Descriptions
    from steersman.apiserver.openapi.merge import Spec
    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.clock import Clock
    from steersman.lib.http.message import HeaderPairs, Request

    Part = tuple[str, str, Object]

_PROTOBUF = "com.github.proto-openapi.spec.{}.v1.0+protobuf"
"""Old clients ask for it with an `@` before its version, which no parser of media types takes in an answer."""
_YEAR = timedelta(days=365)
_LEVEL = 6
_GZIP_WINDOW_BITS = 31
_SLICE_BYTES = 64 * 1024


class _Document:
    """One document: its chapter, hash and, once made, its gzipped bytes by subtype.

    `others`: what other servers say; without a chapter, all there is.
    """

    __slots__ = ("chapters", "fingerprint", "others", "packed")

    def __init__(self, of: tuple[Chapter, ...], fingerprint: str, others: tuple[Spec, ...] = ()) -> None:
        self.chapters = of
        self.others = others
        self.fingerprint = fingerprint
        self.packed: dict[str, bytes] = {}

    @property
    def etag(self) -> str:
        return f'"{self.fingerprint}"'


class OpenAPI:
    """The documents of whatever the table of resources holds now, and of extension servers."""

    def __init__(
        self, *, resources: ResourceTable, descriptions: Descriptions, clock: Clock, extensions: ExtensionOpenAPI
    ) -> None:
        self._resources = resources
        self._extensions = extensions
        self._descriptions = descriptions
        self._clock = clock
        self._making = asyncio.Lock()
        self._made_for = (-1, -1)
        self._facts: dict[Resource, bytes] = {}
        self._v3: dict[str, _Document] = {}
        self._v2 = _Document((), "")
        self._index = b""

    def register(self, documents: Documents) -> None:
        documents.add("/openapi/v3", self._serve_index)
        documents.add_prefix("/openapi/v3/", self._serve_v3)
        documents.add("/openapi/v2", self._serve_v2)

    def paths(self) -> list[str]:
        """For the index of paths, beside those of `Documents`; the documents have an index of their own."""
        return ["/openapi/v3/"]

    # -- serving

    def _serve_index(self, _request: Request, _user: User) -> Response:
        self._refresh()
        # Upstream names no type, so its clients see what Go guesses.
        return Response(200, self._index, respond.TEXT, respond.NO_CACHE, compressible=True)

    def _serve_v3(self, request: Request, user: User) -> Outcome | Awaitable[Outcome]:
        self._refresh()
        path = request.path.removeprefix("/openapi/v3/")
        document = self._v3.get(path)
        if document is None:
            passed_on = self._extensions.serve(request, user, path)
            if passed_on is not None:
                return passed_on
            return Response(404, b"", "", respond.NO_CACHE)
        vary: HeaderPairs = (("Vary", "Accept"),)
        subtype = _negotiated(request, "v3")
        if not subtype:
            return Response(406, b"", "", (*respond.NO_CACHE, *vary))
        headers: HeaderPairs = (*respond.NO_CACHE, *vary)
        unique: HeaderPairs = (("Etag", document.etag),)
        wanted = request.param("hash")
        if wanted and wanted != document.fingerprint:
            location = ("Location", _url(path, document.fingerprint))
            return Response(301, b"", f"application/{subtype}", headers, (*unique, location))
        if wanted:
            expires = format_datetime(self._clock.now() + _YEAR, usegmt=True)
            headers = (("Cache-Control", "public, immutable"), *vary)
            unique = (*unique, ("Expires", expires))
        return self._answer(request, document, subtype, headers, unique)

    def _serve_v2(self, request: Request, _user: User) -> Response | Awaitable[Response]:
        self._refresh()
        headers: HeaderPairs = (*respond.NO_CACHE, ("Vary", "Accept-Encoding"), ("Vary", "Accept"))
        subtype = _negotiated(request, "v2")
        if not subtype:
            return Response(406, b"", "", headers)
        return self._answer(request, self._v2, subtype, headers, (("Etag", self._v2.etag),))

    def _answer(
        self, request: Request, document: _Document, subtype: str, headers: HeaderPairs, unique: HeaderPairs
    ) -> Response | Awaitable[Response]:
        media = f"application/{subtype}"
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match").split(",")]
        if document.etag in known or known == ["*"]:
            return Response(304, b"", media, headers, unique)
        packed = document.packed.get(subtype)
        if packed is not None and negotiate_gzip(request):
            return _packed(packed, media, headers, unique)
        return self._prepare(request, document, subtype, headers, unique)

    async def _prepare(
        self, request: Request, document: _Document, subtype: str, headers: HeaderPairs, unique: HeaderPairs
    ) -> Response:
        packed = await self._make(document, subtype)
        media = f"application/{subtype}"
        if negotiate_gzip(request):
            return _packed(packed, media, headers, unique)
        return Response(200, await _unpacked(packed), media, headers, unique)

    # -- making

    def _refresh(self) -> None:
        """Follow the table. Documents that are still right are kept."""
        state = self._resources.version, self._extensions.version
        if self._made_for == state:
            return
        self._made_for = state
        facts: dict[Resource, bytes] = {}
        for served in self._resources:
            resource = served.resource
            facts[resource] = self._facts.get(resource) or facts_of(resource)
        self._facts = facts
        source = self._descriptions.identity
        found = chapters(facts.items())
        documents: dict[str, _Document] = {}
        for chapter in found:
            fingerprint = chapter.fingerprint(source)
            old = self._v3.get(chapter.path)
            kept = old if old is not None and old.fingerprint == fingerprint else None
            documents[chapter.path] = kept or _Document((chapter,), fingerprint)
        for path, (digest, spec) in self._extensions.in_version_2_only().items():
            old = self._v3.get(path)
            kept = old if old is not None and old.fingerprint == digest else None
            documents.setdefault(path, kept or _Document((), digest, (spec,)))
        self._v3 = dict(sorted(documents.items()))
        paths = {path: {"serverRelativeURL": _url(path, d.fingerprint)} for path, d in self._v3.items()}
        theirs = {path: {"serverRelativeURL": url} for path, url in self._extensions.paths().items()}
        self._index = orjson.dumps({"paths": theirs | paths})
        others = self._extensions.specs()
        everything = hashlib.sha512(orjson.dumps(paths))
        for each, _ in others:
            everything.update(each.encode())
        whole = everything.hexdigest().upper()
        if whole != self._v2.fingerprint:
            self._v2 = _Document(tuple(found), whole, tuple(spec for _, spec in others))

    async def _make(self, document: _Document, subtype: str) -> bytes:
        async with self._making:
            packed = document.packed.get(subtype)
            if packed is None:
                pacer = Pacer()
                await self._descriptions.prepare(pacer)
                packed = await self._write(document, subtype, pacer)
                document.packed[subtype] = packed
            return packed

    async def _write(self, document: _Document, subtype: str, pacer: Pacer) -> bytes:
        whole = document is self._v2 or len(document.chapters) > 1
        info, parts = self._whole(document) if whole else self._single(document)
        if subtype == "json":
            return await _gzipped(pieces_v2(parts) if whole else pieces_v3(info, parts), pacer)
        sections: dict[str, list[bytes]] = defaultdict(list)
        encode = gnostic.entry if whole else gnostic_v3.entry
        for section, name, value in parts:
            sections[section].append(encode(section, name, value))
            await pacer.pause()
        joined = defaultdict(bytes, {section: b"".join(entries) for section, entries in sections.items()})
        message = gnostic.document(info, joined, v2.SECURITY) if whole else gnostic_v3.document(info, joined)
        view = memoryview(message)
        return await _gzipped((view[at : at + _SLICE_BYTES] for at in range(0, len(message), _SLICE_BYTES)), pacer)

    def _whole(self, document: _Document) -> tuple[Object, Iterable[Part]]:
        """Head and parts of the document of version 2."""
        return info_v2(), parts_v2(document.chapters, self._descriptions.describe, document.others)

    def _single(self, document: _Document) -> tuple[Object, Iterable[Part]]:
        """Head and parts of a document of version 3."""
        if not document.chapters:
            (spec,) = document.others
            return spec.info, converted_parts(spec)
        (chapter,) = document.chapters
        return info_of(chapter), parts_v3(chapter, self._descriptions.describe)


def _url(path: str, fingerprint: str) -> str:
    return f"/openapi/v3/{quote(path)}?hash={fingerprint}"


def _negotiated(request: Request, version: str) -> str:
    """The subtype of the answer, `json` or gnostic's; empty if the client wants something else."""
    protobuf = _PROTOBUF.format(version)
    for clause in parse_accept(request.headers.get("accept") or "*/*"):
        if clause.type not in ("application", "*"):
            continue
        if clause.subtype in ("json", "*"):
            return "json"
        if clause.subtype.replace("@", ".", 1) == protobuf:
            return protobuf
    return ""


def _packed(packed: bytes, media: str, headers: HeaderPairs, unique: HeaderPairs) -> Response:
    varied = headers if ("Vary", "Accept-Encoding") in headers else (*headers, ("Vary", "Accept-Encoding"))
    return Response(200, packed, media, (*varied, ("Content-Encoding", "gzip")), unique)


async def _gzipped(pieces: Iterable[bytes | memoryview], pacer: Pacer) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    out = []
    for piece in pieces:
        out.append(compressor.compress(piece))
        await pacer.pause()
    out.append(compressor.flush())
    return b"".join(out)


async def _unpacked(packed: bytes) -> list[bytes]:
    pacer = Pacer()
    decompressor = zlib.decompressobj(_GZIP_WINDOW_BITS)
    out, rest = [], packed
    while rest:
        out.append(decompressor.decompress(rest, _SLICE_BYTES))
        rest = decompressor.unconsumed_tail
        await pacer.pause()
    out.append(decompressor.flush())
    return [piece for piece in out if piece]

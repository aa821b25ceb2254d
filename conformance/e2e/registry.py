"""A read-only registry over image archives: enough of the distribution API for a node to pull from.

Runs inside the run's network, on its own thread.
"""

from __future__ import annotations

import json
import re
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

from conformance.e2e.oci import digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNKNOWN = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"this mirror has no such image"}]}'


@dataclass(frozen=True, slots=True)
class _Blob:
    archive: Path
    offset: int
    size: int


class Content:
    """Everything that archives hold, by image name without the registry's host, and by digest."""

    def __init__(self, archives: list[Path]) -> None:
        self.manifests: dict[tuple[str, str], tuple[bytes, str]] = {}
        self.blobs: dict[str, _Blob] = {}
        for path in archives:
            with tarfile.open(path) as archive:
                self._add(path, archive)

    def _add(self, path: Path, archive: tarfile.TarFile) -> None:
        for member in archive:
            if member.name.startswith("blobs/sha256/"):
                name = "sha256:" + member.name.removeprefix("blobs/sha256/")
                self.blobs[name] = _Blob(path, member.offset_data, member.size)
        for entry in json.loads(_member(archive, "index.json"))["manifests"]:
            data = _member(archive, "blobs/sha256/" + entry["digest"].removeprefix("sha256:"))
            reference = entry["annotations"]["io.containerd.image.name"]
            name, tag = reference.split("/", 1)[1].rsplit(":", 1)
            for key in (tag, entry["digest"]):
                self.manifests[name, key] = (data, entry["mediaType"])

    def read(self, name: str) -> bytes | None:
        """The blob with that digest."""
        blob = self.blobs.get(name)
        if blob is None:
            return None
        with blob.archive.open("rb") as file:
            file.seek(blob.offset)
            return file.read(blob.size)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, f"an image archive has no {name}"
    return file.read()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    content: ClassVar[Content]

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        manifest = re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path)
        blob = re.fullmatch(r"/v2/.+/blobs/([^/]+)", path)
        if path in ("/v2", "/v2/"):
            self._answer(200, b"{}")
        elif manifest and (found := self.content.manifests.get((manifest[1], manifest[2]))):
            self._answer(200, found[0], found[1], digest(found[0]))
        elif blob and (data := self.content.read(blob[1])) is not None:
            self._answer(200, data, "application/octet-stream", blob[1])
        else:
            self._answer(404, _UNKNOWN)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _answer(self, code: int, body: bytes, media: str = "application/json", name: str = "") -> None:
        self.send_response(code)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        if name:
            self.send_header("Docker-Content-Digest", name)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Pulls are no news."""


@contextmanager
def serving(archives: list[Path], address: tuple[str, int]) -> Iterator[None]:
    """Serve while the context is open."""
    handler = type("Handler", (_Handler,), {"content": Content(archives)})
    server = ThreadingHTTPServer(address, handler)
    thread = threading.Thread(target=server.serve_forever, name="registry", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()

"""A small blocking client of a real server, for tests: requests over TLS, watches, and a reader that keeps a model.

    client = RestClient(server.url, ca=server.ca, token="admin-token")
    client.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "a"}})
    with Model(client, "/api/v1/namespaces/default/configmaps") as model: ...

One thread uses a client at a time; `again()` makes another. Nothing here hides an answer: statuses are returned, and a
connection that breaks raises OSError or http.client.HTTPException.
"""

from __future__ import annotations

import contextlib
import copy
import http.client
import json
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

BROKEN = (OSError, http.client.HTTPException)
"""What a request raises when the connection, not the API, says no."""
_RETRY_S = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `body` is decoded JSON, or text."""

    status: int
    headers: Mapping[str, str]
    body: Any


class RestClient:
    """One connection, opened when needed and kept."""

    def __init__(
        self,
        url: str,
        *,
        ca: Path,
        token: str = "",
        certificate: tuple[Path, Path] | None = None,
        timeout_s: float = 15,
    ) -> None:
        """`certificate`: certificate and key of a client, PEM files."""
        self._url = url
        self._timeout_s = timeout_s
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._context = ssl.create_default_context(cafile=str(ca))
        if certificate is not None:
            self._context.load_cert_chain(*certificate)
        self._connection: http.client.HTTPSConnection | None = None

    def again(self) -> RestClient:
        """Another client like this one, for another thread."""
        other = copy.copy(self)
        other._connection = None
        return other

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def ask(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, whatever its answer. Raises what is in `BROKEN`."""
        connection = self._connection = self._connection or self._open()
        fields = {**self._headers, "Content-Type": "application/json", **(headers or {})}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), fields)
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            self.close()
            raise
        decodes = (response.headers.get("Content-Type") or "").startswith("application/json")
        return Answer(response.status, dict(response.headers), json.loads(content) if decodes else content.decode())

    def watch(self, path: str, **query: str) -> WatchStream:
        """An open watch on a connection of its own. Raises RuntimeError if it is refused."""
        return WatchStream(self._open(), f"{path}?{urlencode({'watch': 'true', **query})}", self._headers)

    def _open(self) -> http.client.HTTPSConnection:
        where = urlsplit(self._url)
        return http.client.HTTPSConnection(
            where.hostname or "", where.port, context=self._context, timeout=self._timeout_s
        )


class WatchStream:
    """Events as they come. Iteration ends when the server ends the answer as HTTP wants it; otherwise it raises."""

    def __init__(self, connection: http.client.HTTPSConnection, path: str, headers: Mapping[str, str]) -> None:
        self._connection = connection
        connection.request("GET", path, headers=dict(headers))
        self._response = connection.getresponse()
        if self._response.status != 200:
            text = self._response.read().decode(errors="replace")
            connection.close()
            raise RuntimeError(f"watch {path}: {self._response.status} {text}")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while line := self._response.readline():
            yield json.loads(line)

    def close(self) -> None:
        """Go away; may be called while another thread reads."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()


@dataclass(slots=True)
class Model:
    """What a faithful informer holds: lists, watches from there, and lists again when told to.

    Runs in a thread while its context is open. `faults` collects what no client must ever see: an event that does not
    fit what was held, a version that falls, an object that a list brings back or has lost without an event while the
    watch claimed to be whole.
    """

    client: RestClient
    path: str
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lists: int = 0
    events: int = 0
    watches: int = 0
    revision: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _listed: threading.Event = field(default_factory=threading.Event)
    _stream: WatchStream | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()
        if not self._listed.wait(20):
            raise RuntimeError(f"{self.path} could not be listed")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        while self._thread is not None and self._thread.is_alive():
            if self._stream is not None:
                self._stream.close()
            self._thread.join(_RETRY_S)
        self.client.close()

    def versions(self) -> dict[str, str]:
        """Name -> resourceVersion of all that is held."""
        return {name: obj["metadata"]["resourceVersion"] for name, obj in dict(self.objects).items()}

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._list()
                while self._follow():
                    pass
            except (*BROKEN, RuntimeError, ValueError, AttributeError):
                # The server is away, or does not answer yet. (A response that is closed while it is read raises
                # AttributeError or ValueError.)
                self._stopping.wait(_RETRY_S)

    def _list(self) -> None:
        answer = self.client.ask("GET", self.path)
        if answer.status != 200:
            raise RuntimeError(f"list: {answer.status}")
        revision = int(answer.body["metadata"]["resourceVersion"])
        if revision < self.revision:
            self.faults.append(f"a list is of {revision}, after {self.revision}")
        self.revision = revision
        self.objects = {obj["metadata"]["name"]: obj for obj in answer.body.get("items") or ()}
        self.lists += 1
        self._listed.set()

    def _follow(self) -> bool:
        """One watch; whether the next may go on where it ended."""
        self._stream = self.client.watch(self.path, resourceVersion=str(self.revision))
        self.watches += 1
        try:
            for event in self._stream:
                if event["type"] == "ERROR":
                    return False
                self._take(event["type"], event["object"])
        except BROKEN:
            if self._stopping.is_set():
                raise
        finally:
            self._stream.close()
        return not self._stopping.is_set()

    def _take(self, kind: str, obj: dict[str, Any]) -> None:
        name, revision = obj["metadata"].get("name", ""), int(obj["metadata"]["resourceVersion"])
        if revision <= self.revision and kind != "BOOKMARK":
            self.faults.append(f"{kind} {name} at {revision}, after {self.revision}")
        self.revision = max(self.revision, revision)
        if kind == "BOOKMARK":
            return
        self.events += 1
        if (kind == "ADDED") == (name in self.objects):
            self.faults.append(f"{kind} {name} at {revision}: held before: {name in self.objects}")
        if kind == "DELETED":
            self.objects.pop(name, None)
        else:
            self.objects[name] = obj

"""What a run costs the API server and its store, and how fast they answer meanwhile.

CPU time and memory are read from /proc. Delays are seen by a client of its own that reads one object and, every now and
then, changes it while watching it: what a controller would see.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from conformance.e2e.control import PORT
from conformance.e2e.machine import HOST_IP
from conformance.e2e.processes import cpu_s, rss_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.e2e.control import ControlPlane

_PATH = "/api/v1/namespaces/default/configmaps"
_NAME = "probe"
_EVERY_S = 0.25


@dataclass(slots=True)
class Usage:
    """CPU time of processes that may end and be started again."""

    spent: dict[str, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)

    def look(self, plane: ControlPlane) -> None:
        for name in plane.server_names():
            pid = plane.processes.pid(name)
            try:
                now_s = cpu_s(pid)
            except OSError:  # killed a moment ago
                continue
            self.spent[name] = self.spent.get(name, 0.0) + now_s - self.seen.get(pid, now_s)
            self.seen[pid] = now_s


def memory(plane: ControlPlane) -> dict[str, int]:
    """RSS in bytes by process."""
    return {name: rss_bytes(plane.processes.pid(name)) for name in plane.server_names()}


class Probe:
    """Delays of GET and of watch delivery, in seconds, sampled on threads of its own while it is open."""

    def __init__(self, plane: ControlPlane) -> None:
        self.gets: list[float] = []
        self.deliveries: list[float] = []
        self._context = ssl.create_default_context(cafile=plane.pki.certificate("ca"))
        self._context.load_cert_chain(plane.pki.certificate("admin"), plane.pki.key("admin"))
        self._written: dict[str, float] = {}
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._forever, args=(work,)) for work in (self._read, self._watch)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _forever(self, work: Callable[[http.client.HTTPSConnection], None]) -> None:
        """A server that has gone comes back: begin again until the end."""
        while not self._ended.is_set():
            connection = http.client.HTTPSConnection(HOST_IP, PORT, timeout=5.0, context=self._context)
            try:
                work(connection)
            except (OSError, http.client.HTTPException, ValueError):
                self._ended.wait(0.5)
            finally:
                connection.close()

    def _read(self, connection: http.client.HTTPSConnection) -> None:
        self._call(connection, "POST", _PATH, {"metadata": {"name": _NAME}})
        count = 0
        while not self._ended.wait(_EVERY_S):
            begun = time.monotonic()
            self._call(connection, "GET", f"{_PATH}/{_NAME}")
            self.gets.append(time.monotonic() - begun)
            count += 1
            if count % 2 == 0:
                value = f"{begun}"
                self._written[value] = time.monotonic()
                self._call(connection, "PATCH", f"{_PATH}/{_NAME}", {"data": {"at": value}})

    def _watch(self, connection: http.client.HTTPSConnection) -> None:
        path = f"{_PATH}?watch=true&fieldSelector=metadata.name%3D{_NAME}&timeoutSeconds=600"
        connection.request("GET", path)
        answer = connection.getresponse()
        while not self._ended.is_set():
            line = answer.readline()
            if not line:
                return
            now = time.monotonic()
            value = (json.loads(line)["object"].get("data") or {}).get("at")
            written = self._written.pop(value, None) if value else None
            if written is not None:
                self.deliveries.append(now - written)

    @staticmethod
    def _call(connection: http.client.HTTPSConnection, method: str, path: str, body: Any = None) -> None:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": kind, "User-Agent": "probe"})
        connection.getresponse().read()


def percentile(values: list[float], share: float) -> float:
    """0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

"""A load generator: keep-alive HTTP/1.1 over TLS on uvloop, as cheap as it gets, so that the server is what is
measured.

Requests are bytes made beforehand; answers are read with httptools. Nothing is decoded unless the caller asks.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

TICKS = 100


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far; from its scheduler clock, in nanoseconds where the kernel has it."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9 + _threads_s(pid)
    except (OSError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def _threads_s(pid: int) -> float:
    """The other threads (schedstat of a process is its main thread's)."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        if task.name != str(pid):
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
    return total


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@dataclass
class Target:
    """A server to load: `pid` is whose CPU counts."""

    host: str
    port: int
    ca: Path
    token: str
    pid: int

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    def request(
        self, method: str, path: str, body: bytes = b"", media: str = "application/json", accept: str = ""
    ) -> bytes:
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.token}\r\n"
        if accept:
            head += f"Accept: {accept}\r\n"
        head += "User-Agent: bench/1\r\n"
        if body or method in ("POST", "PUT", "PATCH"):
            head += f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.status = 0
        self.body: list[bytes] = []
        self.keep = False
        self._done: asyncio.Future[int] | None = None
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.body.clear()

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        if self.keep:
            self.body.append(data)

    def on_message_complete(self) -> None:
        done, self._done = self._done, None
        if done is not None and not done.done():
            done.set_result(self.status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(exc or ConnectionResetError("closed by the server"))

    def send(self, request: bytes) -> asyncio.Future[int]:
        self._done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._done


class Watcher(asyncio.Protocol):
    """Counts the events of a watch: lines of the stream. `type_`: of the only ones that count."""

    def __init__(self, counter: Counter, type_: str = "") -> None:
        self._counter = counter
        self._mark = b'{"type":"' + (type_.encode() + b'"' if type_ else b"")
        self._rest = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._rest + data  # a mark may come in two pieces
        self._counter.add(data.count(self._mark) - self._rest.count(self._mark))
        self._rest = data[-len(self._mark) :]


class Counter:
    """Events seen by all watchers together; wakes whoever waits for a number of them."""

    def __init__(self) -> None:
        self.count = 0
        self._wanted = 0
        self._reached: asyncio.Event = asyncio.Event()

    def add(self, number: int) -> None:
        self.count += number
        if self.count >= self._wanted:
            self._reached.set()

    async def wait_for(self, number: int, timeout_s: float) -> bool:
        self._wanted = number
        self._reached.clear()
        if self.count >= number:
            return True
        try:
            await asyncio.wait_for(self._reached.wait(), timeout_s)
        except TimeoutError:
            return False
        return True


@dataclass
class Result:
    """What one row measured."""

    name: str
    operations: int
    seconds: float
    cpu_us: float
    latencies_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    memory_mb: float = 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def connect(target: Target, count: int) -> list[Connection]:
    loop, context = asyncio.get_running_loop(), target.context()
    made = []
    for _ in range(count):
        _, protocol = await loop.create_connection(
            Connection, target.host, target.port, ssl=context, server_hostname=target.host
        )
        made.append(protocol)
    return made


async def run(target: Target, name: str, requests: list[bytes], *, connections: int = 32) -> Result:
    """Send all requests over so many connections, each sending its next one when the last is answered."""
    open_ = await connect(target, connections)
    pending = deque(requests)
    latencies: list[float] = []
    statuses: dict[int, int] = {}

    async def work(connection: Connection) -> None:
        while pending:
            request = pending.popleft()
            began = time.perf_counter()
            status = await connection.send(request)
            latencies.append((time.perf_counter() - began) * 1000)
            statuses[status] = statuses.get(status, 0) + 1

    cpu, began = cpu_s(target.pid), time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in open_))
    seconds, used = time.perf_counter() - began, cpu_s(target.pid) - cpu
    for connection in open_:
        connection.transport.close()
    return Result(name, len(requests), seconds, used / len(requests) * 1e6, latencies, statuses, rss_mb(target.pid))


async def run_chained(
    target: Target, name: str, following: Callable[[int, int, bytes], bytes], *, rounds: int, connections: int = 32
) -> Result:
    """Each connection sends `rounds` requests, each made by `following(connection, round, last answer's body)`."""
    open_ = await connect(target, connections)
    statuses: dict[int, int] = {}

    async def work(number: int, connection: Connection) -> None:
        connection.keep = True
        last = b""
        for turn in range(rounds):
            status = await connection.send(following(number, turn, last))
            last = b"".join(connection.body)
            statuses[status] = statuses.get(status, 0) + 1

    cpu, began = cpu_s(target.pid), time.perf_counter()
    await asyncio.gather(*(work(number, connection) for number, connection in enumerate(open_)))
    seconds, used = time.perf_counter() - began, cpu_s(target.pid) - cpu
    for connection in open_:
        connection.transport.close()
    number = rounds * connections
    return Result(name, number, seconds, used / number * 1e6, [], statuses, rss_mb(target.pid))


_SCRIPT = """
local n = 0
request = function()
  n = (n + 1) % {number}
  return wrk.format("GET", "{path}" .. n)
end
"""


async def run_wrk(target: Target, path: str, number: int, *, connections: int = 16, seconds: int = 3) -> Result | None:
    """GET `path` followed by 0, 1, ... below `number`, by the wrk tool; None where it is not installed.

    A client that is slower than the server wakes it up for every single request, and then that is what is measured.
    """
    tool = shutil.which("wrk")
    if tool is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT.format(path=path, number=number))
        script.flush()
        cpu = cpu_s(target.pid)
        process = await asyncio.create_subprocess_exec(
            *(tool, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name),
            *("-H", f"Authorization: Bearer {target.token}", f"https://{target.host}:{target.port}"),
            stdout=asyncio.subprocess.PIPE,
        )
        output = (await process.communicate())[0].decode()
        used = cpu_s(target.pid) - cpu
    operations = int(_found(r"(\d+) requests in", output))
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    p99_ms = float(p99[1]) * _IN_MS[p99[2]] if p99 else 0.0
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    statuses = {500: int(failed[1])} if failed else {200: operations}
    return Result("GET", operations, seconds, used / operations * 1e6, [p99_ms], statuses, rss_mb(target.pid))


_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"wrk said: {text}")
    return found[1]


async def fetch(target: Target, request: bytes) -> tuple[int, bytes]:
    """One request, the whole answer."""
    (connection,) = await connect(target, 1)
    connection.keep = True
    status = await connection.send(request)
    body = b"".join(connection.body)
    connection.transport.close()
    return status, body

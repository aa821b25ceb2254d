"""A real etcd server for tests: Debian's `etcd-server` package, one member, free ports, its own folder.

    with EtcdServer(tmp_path / "etcd") as server:
        store = EtcdStore(endpoints=(server.endpoint,))

Syncing is off unless asked for, so that it does not hold up tests; its elections are quick, so that leases may be
short.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_START_S_MAX = 20
_STOP_S_MAX = 10


def etcd_binary() -> str | None:
    """Where the server is, if it is installed."""
    return shutil.which("etcd")


@dataclass(frozen=True, slots=True)
class ServerTLS:
    """PEM files: the server's certificate and key, and the authority that must have signed its clients'."""

    cert: Path
    key: Path
    client_ca: Path


class EtcdServer:
    """One member; `start` and `stop` may alternate, the data stays."""

    def __init__(
        self, folder: Path, *, tls: ServerTLS | None = None, sync: bool = False, arguments: tuple[str, ...] = ()
    ) -> None:
        self._folder = folder
        self._tls = tls
        self._arguments = (*arguments, *(() if sync else ("--unsafe-no-fsync",)))
        self._client_port, self._peer_port = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self._client_port}"

    @property
    def pid(self) -> int:
        """The running server's process id."""
        assert self._process is not None, "etcd is not running"
        return self._process.pid

    def cpu_s(self) -> float:
        """User and system CPU seconds used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError with its log if it does not."""
        binary = etcd_binary()
        if binary is None:
            raise RuntimeError("etcd is not installed: apt-get install etcd-server")
        self._folder.mkdir(parents=True, exist_ok=True)
        scheme = "https" if self._tls else "http"
        command = [binary, "--name=test", f"--data-dir={self._folder / 'data'}"]
        command += [f"--listen-client-urls={scheme}://{self.endpoint}"]
        command += [f"--advertise-client-urls={scheme}://{self.endpoint}"]
        command += [f"--listen-peer-urls=http://127.0.0.1:{self._peer_port}"]
        command += [f"--initial-advertise-peer-urls=http://127.0.0.1:{self._peer_port}"]
        command += [f"--initial-cluster=test=http://127.0.0.1:{self._peer_port}"]
        command += ["--heartbeat-interval=20", "--election-timeout=100", *self._arguments]
        if self._tls:
            command += [f"--cert-file={self._tls.cert}", f"--key-file={self._tls.key}"]
            command += [f"--trusted-ca-file={self._tls.client_ca}", "--client-cert-auth"]
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, env={"PATH": "/usr/bin:/bin"})  # noqa: S603
        deadline = time.monotonic() + _START_S_MAX
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"etcd did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; harmless if it is not running."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._client_port), timeout=1).close()
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

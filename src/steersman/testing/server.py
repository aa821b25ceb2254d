"""A real API server in its own process, as a user starts it: `steersman apiserver` on a free port.

    with ServerProcess(data_dir=tmp_path) as server:
        subprocess.run(["kubectl", f"--kubeconfig={server.kubeconfig}", "get", "namespaces"])

Invariants: the process is started with this interpreter, is ready when the context is entered, and has ended when it is
left; what it wrote is in `log_tail()`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

_URL = re.compile(r"https://[^\s,;)]+")


class NotReady(RuntimeError):
    """The server ended, or said nothing, before it was ready; its output is in the message, `code` its exit code."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a server ended: its exit code (-9 when it had to be killed) and how long that took."""

    code: int
    seconds: float


def ready_url(line: str) -> str:
    """The URL in the line by which a server says that it is ready; "" for any other line."""
    found = _URL.search(line)
    return found[0].rstrip("/.") if found and re.search(r"\bready\b", line) else ""


class ServerProcess:
    """Starts the server on entry and stops it on exit (SIGTERM, then SIGKILL after `stop_s_max`)."""

    def __init__(
        self,
        *,
        data_dir: Path,
        store: str = "sqlite",
        port: int = 0,
        token_auth_file: Path | None = None,
        arguments: Sequence[str] = (),
        command: str = "apiserver",
        start_s_max: float = 30,
        stop_s_max: float = 10,
    ) -> None:
        """`command`: apiserver, or server for the whole control plane."""
        self.data_dir = data_dir
        self.url = ""
        self.start_s = 0.0
        self._start_s_max = start_s_max
        self._stop_s_max = stop_s_max
        self._lines: deque[str] = deque(maxlen=200)
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._command = [sys.executable, "-m", "steersman", command]
        self._command += ["--data-dir", str(data_dir), "--store", store, "--port", str(port)]
        if token_auth_file is not None:
            self._command += ["--token-auth-file", str(token_auth_file)]
        self._command += arguments

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, CA inlined."""
        return self.data_dir / "kubeconfig"

    @property
    def ca(self) -> Path:
        """The certificate authority that signed the server's certificate."""
        return self.data_dir / "pki" / "ca.crt"

    @property
    def pid(self) -> int:
        """The running server's process id."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        begun = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        self._reader = threading.Thread(target=self._read, name="server-output", daemon=True)
        self._reader.start()
        if not self._ready.wait(self._start_s_max) or not self.url:
            code = self.stop().code
            seconds = time.monotonic() - begun
            raise NotReady(
                f"{' '.join(self._command)} was not ready after {seconds:.1f} s:\n{self.log_tail()}", code=code
            )
        self.start_s = time.monotonic() - begun
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> Stopped:
        """SIGTERM, wait, and say how it ended; safe to call twice."""
        assert self._process is not None
        begun = time.monotonic()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(self._stop_s_max)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader is not None:
            self._reader.join()
        return Stopped(code=self._process.returncode, seconds=time.monotonic() - begun)

    def kill(self) -> None:
        """SIGKILL: what a power cut looks like to the process."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def log_tail(self) -> str:
        """The last 200 lines that the server printed."""
        return "\n".join(self._lines)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self._lines.append(line.rstrip("\n"))
                if not self.url and (url := ready_url(line)):
                    self.url = url
                    self._ready.set()
        self._ready.set()

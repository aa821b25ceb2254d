"""Starts the cluster's processes, inside a network namespace where asked, with a log each."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class StartError(Exception):
    """A part of the cluster did not come up; the message says which, and holds the end of its log."""


@dataclass(slots=True)
class Processes:
    """Everything that was started, by name."""

    logs: Path
    environment: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, name: str, command: list[str | Path], *, network: str = "", listener: socket.socket | None = None
    ) -> None:
        """`network`: the name of a network namespace. Only the network is entered: `ip netns exec` would mount another
        /sys, which hides the cgroups. `listener`: passed on as systemd passes sockets; it outlives the process.
        """
        if network:
            command = ["nsenter", f"--net=/run/netns/{network}", *command]
        inherited: tuple[int, ...] = ()
        if listener is not None:
            inherited = (listener.fileno(),)
            handed = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
            command = ["sh", "-c", handed, "sh", *command]
        log = (self.logs / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self.environment,
            pass_fds=inherited,
        )
        log.close()

    def kill(self, name: str) -> None:
        """With -9, and wait until it has gone."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name: str, within_s: float = 30.0) -> None:
        """As an operator stops it."""
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pid(self, name: str) -> int:
        return self.running[name].pid

    def dead(self) -> list[str]:
        """What has ended without being told to."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def tail(self, name: str, lines: int = 15) -> str:
        log = self.logs / f"{name}.log"
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def wait(self, name: str, what: str, ready: Callable[[], bool], within_s: float) -> None:
        """Until `ready`; raises StartError when the process ends, or time does."""
        deadline = time.monotonic() + within_s
        while not ready():
            ended = self.running[name].poll()
            if ended is not None or time.monotonic() > deadline:
                why = f"ended with {ended}" if ended is not None else f"not within {within_s:.0f} s"
                raise StartError(f"{name}: {what}: {why}\n{self.tail(name)}")
            time.sleep(0.1)


def cpu_s(pid: int) -> float:
    """User and system time of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE

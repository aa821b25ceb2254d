"""Runs upstream's suite with ginkgo: first what may run side by side, then what may not."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.e2e.node import NODES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Part:
    """`processes`: how many specs run at a time."""

    name: str
    labels: str
    processes: int


def parts(processes: int) -> tuple[Part, ...]:
    return (
        Part("parallel", "Conformance && !Serial", processes),
        Part("serial", "Conformance && Serial", 1),
    )


def run_part(
    part: Part,
    *,
    programs: Path,
    kubeconfig: Path,
    out: Path,
    focus: str,
    skip: str,
    environment: dict[str, str],
    meanwhile: Callable[[float], None],
    say: Callable[[str], None],
) -> Path:
    """Run a part but for what `focus` and `skip` (regular expressions; empty: all, nothing) leave out; its JSON report.

    `meanwhile(seconds)` is called about every second. Raises RuntimeError when ginkgo wrote no report.
    """
    folder = out / part.name
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [f"--{name}={value}" for name, value in (("focus", focus), ("skip", skip)) if value]
    command = [
        programs / "ginkgo",
        *("run", f"-procs={part.processes}", "--no-color", "-v", "--timeout=4h", f"--label-filter={part.labels}"),
        *("--json-report=report.json", f"--output-dir={folder}", *chosen),
        *(programs / "e2e.test", "--"),
        *(f"--kubeconfig={kubeconfig}", f"--kubectl-path={programs / 'kubectl'}", "--provider=skeleton"),
        *("--disable-log-dump=true", "--dump-logs-on-failure=false", f"--num-nodes={len(NODES)}"),
        *("--node-os-distro=custom", "--allowed-not-ready-nodes=0"),
        "--non-blocking-taints=node-role.kubernetes.io/control-plane",
        *("--node-schedulable-timeout=1m", "--system-pods-startup-timeout=2m", f"--e2e-output-dir={folder}"),
    ]
    log = folder / "out.log"
    begun = said = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdout=file, stderr=subprocess.STDOUT, env=environment
        )
        while process.poll() is None:
            time.sleep(1.0)
            now = time.monotonic()
            meanwhile(now - begun)
            if now - said > _EVERY_S:
                said = now
                say(f"{part.name}: {now - begun:.0f} s, {progress(log)}")
    report = folder / "report.json"
    if not report.exists():
        raise RuntimeError(f"ginkgo ended with {process.returncode} and wrote no report:\n{_tail(log)}")
    say(f"{part.name}: over after {time.monotonic() - begun:.0f} s, {progress(log)}")
    return report


def progress(log: Path) -> str:
    """How many specs have ended, by what ginkgo has printed so far."""
    text = log.read_text(encoding="utf-8", errors="replace")
    passed = len(re.findall(r"^• \[[\d.]+ seconds\]", text, re.MULTILINE))
    failed = re.findall(r"^• \[(?:FAILED|TIMEDOUT|PANICKED)[^\]]*\]", text, re.MULTILINE)
    return f"{passed} passed, {len(failed)} failed"


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]

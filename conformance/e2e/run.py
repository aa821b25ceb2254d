"""One run, inside its namespaces: the cluster up, the checks before, the suite, what it cost."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.e2e import machine, preflight, registry
from conformance.e2e.control import API_SERVER, PARTS, SERVICES, ControlPlane, Kubectl
from conformance.e2e.measure import Probe, Usage, memory, percentile
from conformance.e2e.node import NODES, REGISTRY_PORT, start_node
from conformance.e2e.places import ROOT, Places
from conformance.e2e.processes import Processes, StartError
from conformance.e2e.suite import parts, run_part

if TYPE_CHECKING:
    from collections.abc import Callable

HOLLOW = "hollow"
SET_UPS: dict[str, tuple[str, ...]] = {
    "swap": (API_SERVER,),
    "controllers": ("controllers",),
    "scheduler": ("scheduler",),
    "control-plane": (API_SERVER, *PARTS),
    HOLLOW: (API_SERVER, *PARTS, HOLLOW),
    "upstream": (),
}
"""Set-up -> which parts are ours; everything else is upstream's."""
SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What to run; written to a file for the program that runs inside."""

    set_up: str
    store: str
    focus: str
    skip: str
    processes: int
    folder: str
    """Of this run: `state` is removed at the end, `results` stays."""
    cgroup: str
    kill_after_s: float = 0.0
    """Kill the API server with -9 so many seconds into the parallel part, and start it again; 0: leave it alone."""
    serial: bool = True
    hold: bool = False
    """Instead of running specs, keep the cluster up until the run is interrupted."""

    @property
    def state(self) -> Path:
        return Path(self.folder) / "state"

    @property
    def results(self) -> Path:
        return Path(self.folder) / "results"

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> RunPlan:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def run_inside(plan: RunPlan, places: Places, say: Callable[[str], None]) -> int:
    """The exit status: 0 when the suite ran, whatever its specs say."""
    plan.results.mkdir(parents=True, exist_ok=True)
    machine.hide_host_folders(plan.state / "hidden", (ROOT, Path(sys.prefix), Path(plan.folder), places.cache))
    machine.make_network(NODES[1].pods, SERVICES)
    environment = os.environ | {"PATH": f"{places.programs}:{os.environ['PATH']}:/usr/sbin:/sbin"}
    logs = plan.results / "logs"
    logs.mkdir(exist_ok=True)
    processes = Processes(logs, environment)
    with ExitStack() as stack:
        archives = sorted(places.images.glob("*.tar"))
        stack.enter_context(registry.serving(archives, (machine.HOST_IP, REGISTRY_PORT)))
        try:
            plane, kubectl = _bring_up(plan, places, processes, say)
            preflight.check(kubectl, say, real=HOLLOW not in plane.ours)
        except (StartError, preflight.NotReadyError, RuntimeError) as error:
            say(f"the cluster is not fit for a run: {error}")
            say(f"logs: {logs}")
            return 2
        if plan.hold:
            say(f"the cluster is up, until this is interrupted; inside, KUBECONFIG={plane.kubeconfig('admin')}")
            while True:
                time.sleep(3600.0)
        summary = _run_suite(plan, places, plane, environment, say)
        (plan.results / SUMMARY).write_text(json.dumps(summary, indent=1), encoding="utf-8")
        dead = processes.dead()
        if dead:
            say(f"ended on their own during the run: {', '.join(dead)}")
        return 0


def _bring_up(
    plan: RunPlan, places: Places, processes: Processes, say: Callable[[str], None]
) -> tuple[ControlPlane, Kubectl]:
    begun = time.monotonic()
    machine.STATE.mkdir()
    plane = ControlPlane.prepare(
        ours=SET_UPS[plan.set_up],
        store=plan.store,
        state=machine.STATE,
        programs=places.programs,
        processes=processes,
    )
    plane.start()
    ours = ", ".join(plane.ours) or "nothing"
    say(f"control plane ready ({time.monotonic() - begun:.1f} s; ours: {ours}; store: {plane.store})")
    kubectl = Kubectl(places.programs / "kubectl", plane.kubeconfig("admin"))
    if HOLLOW not in plane.ours:
        for node in NODES:
            start_node(node, plane, cgroup=plan.cgroup)
        preflight.install_dns(kubectl)
    return plane, kubectl


def _run_suite(
    plan: RunPlan, places: Places, plane: ControlPlane, environment: dict[str, str], say: Callable[[str], None]
) -> dict[str, Any]:
    usage = Usage()
    kill_after_s = plan.kill_after_s
    walls: dict[str, float] = {}

    def meanwhile(elapsed_s: float) -> None:
        nonlocal kill_after_s
        usage.look(plane)
        if kill_after_s and elapsed_s > kill_after_s:
            kill_after_s = 0.0
            plane.processes.kill(API_SERVER)
            begun = time.monotonic()
            plane.start_api_server()
            say(f"killed the API server and started it again (ready after {time.monotonic() - begun:.1f} s)")

    with Probe(plane) as probe:
        for part in parts(plan.processes):
            if part.name == "serial" and not plan.serial:
                continue
            begun = time.monotonic()
            run_part(
                part,
                programs=places.programs,
                kubeconfig=plane.kubeconfig("admin"),
                out=plan.results,
                focus=plan.focus,
                skip=plan.skip,
                environment=environment,
                meanwhile=meanwhile,
                say=say,
            )
            walls[part.name] = time.monotonic() - begun
    return {
        "set_up": plan.set_up,
        "store": plan.store,
        "wall_s": walls,
        "cpu_s": usage.spent,
        "rss_bytes": memory(plane),
        "get_p99_s": percentile(probe.gets, 0.99),
        "delivery_p99_s": percentile(probe.deliveries, 0.99),
        "samples": [len(probe.gets), len(probe.deliveries)],
    }

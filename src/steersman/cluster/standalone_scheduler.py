"""The scheduler as a process of its own."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.cluster.remote_clients import RemoteClients
from steersman.cluster.scheduler import SchedulerPart
from steersman.cluster.scheduler_configuration import load_scheduler_configuration
from steersman.cluster.standalone import RunningPart, access_from
from steersman.cluster.until_told import run_until_told
from steersman.lib.clock import SystemClock
from steersman.scheduler.configuration.read import builtin_configuration

if TYPE_CHECKING:
    from collections.abc import Callable


def run_scheduler(
    *, kubeconfig: Path | None, config: Path | None, leader_elect: bool | None, say: Callable[[str], None]
) -> None:
    """Run until SIGTERM or SIGINT. `kubeconfig`, `leader_elect`: what the configuration file says if they are None.

    Raises StartError.
    """
    chosen = load_scheduler_configuration(config) if config is not None else builtin_configuration()
    if kubeconfig is None and chosen.kubeconfig:
        kubeconfig = Path(chosen.kubeconfig)
    access, rng = access_from(kubeconfig), random.SystemRandom()
    elects = chosen.election.elect if leader_elect is None else leader_elect

    def make(on_crash: Callable[[str, BaseException], None]) -> SchedulerPart:
        return SchedulerPart(
            clients=RemoteClients(access=access, rng=rng),
            clock=SystemClock(),
            rng=rng,
            on_crash=on_crash,
            configuration=chosen,
        )

    told = "waits for its lease" if elects else "places pods"
    run_until_told(
        lambda failed: RunningPart(make, failed=failed, elects=elects),
        ready=lambda _running: say(f"steersman scheduler is ready: it {told}"),
    )

"""Why a pod is where it is, or nowhere: reads a cluster as its scheduler does, decides once, and changes nothing."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError
from steersman.client.errors import TransportError
from steersman.client.events import Recorder
from steersman.client.informer import Informers
from steersman.client.request import Key
from steersman.cluster.errors import StartError
from steersman.cluster.remote_clients import RemoteClients
from steersman.cluster.scheduler import make_scheduler
from steersman.cluster.scheduler_configuration import load_scheduler_configuration
from steersman.cluster.standalone import access_from
from steersman.lib.clock import SystemClock
from steersman.scheduler.configuration.read import ConfigurationError, builtin_configuration
from steersman.scheduler.pod_info import scheduler_of

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.client.client import Client
    from steersman.lib.clock import Clock
    from steersman.scheduler.configuration.model import Configuration
    from steersman.scheduler.explanation import Explanation

READ_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Why:
    """`node`: where the pod is; empty if it is not bound."""

    node: str
    explanation: Explanation


def why_pod(*, kubeconfig: Path, config: Path | None, namespace: str, name: str) -> Why:
    """Raises StartError."""
    chosen = load_scheduler_configuration(config) if config is not None else builtin_configuration()
    with asyncio.Runner() as runner:
        return runner.run(_over_tls(kubeconfig, chosen, namespace, name))


async def _over_tls(kubeconfig: Path, configuration: Configuration, namespace: str, name: str) -> Why:
    access, rng = access_from(kubeconfig), random.SystemRandom()
    clients = RemoteClients(access=access, rng=rng)
    try:
        return await ask_why(
            clients.client("why"),
            Key(namespace or access.namespace or "default", name),
            configuration=configuration,
            clock=SystemClock(),
            rng=rng,
        )
    except (ApiError, TransportError) as error:
        raise StartError(str(error)) from error
    finally:
        await clients.close()


async def ask_why(client: Client, key: Key, *, configuration: Configuration, clock: Clock, rng: random.Random) -> Why:
    """Only reads. A pod that is bound is judged as if it were not. Raises ApiError, TransportError, StartError."""
    pod = await client.get(PODS, key)
    if scheduler_of(pod) not in {profile.scheduler_name for profile in configuration.profiles}:
        raise StartError(f"{key} wants the scheduler {scheduler_of(pod)!r}; give its configuration with --config")
    crashes: list[BaseException] = []
    informers = Informers(client=client, rng=rng)
    recorder = Recorder(client=client, component="why", clock=clock, rng=rng)  # which never runs
    try:
        scheduler = make_scheduler(
            client=client, informers=informers, recorder=recorder, clock=clock, rng=rng, configuration=configuration
        )
        async with asyncio.timeout(READ_S_MAX):
            await informers.start(on_crash=lambda _name, error: crashes.append(error))
        return Why(pod["spec"].get("nodeName", ""), scheduler.explain(pod))
    except ConfigurationError as error:
        raise StartError(f"the scheduler's configuration: {error}") from error
    except TimeoutError as error:
        raise StartError(f"the cluster could not be read within {READ_S_MAX:.0f} s") from error
    finally:
        await informers.stop()

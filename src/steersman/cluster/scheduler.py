"""The scheduler of a control plane, beside the API server in its process, as system:kube-scheduler."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.client.events import Recorder
from steersman.client.informer import Informers
from steersman.client.leader import LeaderElection, Terms
from steersman.client.request import Key
from steersman.cluster.errors import StartError
from steersman.cluster.extenders import make_extenders
from steersman.lib.aio import Tasks
from steersman.lib.http.client.client import HttpClient
from steersman.scheduler.configuration.read import ConfigurationError, builtin_configuration
from steersman.scheduler.device_view import DeviceView
from steersman.scheduler.extenders import ExtenderBinder, joined
from steersman.scheduler.loop import WRITES_MAX, Scheduler
from steersman.scheduler.metrics import SchedulerMetrics
from steersman.scheduler.outcomes import Outcomes
from steersman.scheduler.plugins.catalog import makers
from steersman.scheduler.pod_info import DEFAULT_SCHEDULER
from steersman.scheduler.profiles import build_profile
from steersman.scheduler.readers import Readers
from steersman.scheduler.storage import Storage
from steersman.scheduler.user_plugins import user_makers

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from steersman.client.client import Client
    from steersman.cluster.clients import Clients
    from steersman.lib.clock import Clock
    from steersman.lib.metrics import Registry
    from steersman.scheduler.configuration.model import Configuration, ProfileConfiguration
    from steersman.scheduler.extenders import Extenders

USER = "system:kube-scheduler"
LEASE = Key("kube-system", "kube-scheduler")

EVENT_WRITERS = WRITES_MAX
"""Every pod gets an event, as fast as it is bound: fewer, each waiting for its commit, would fall behind."""


def make_scheduler(
    *,
    client: Client,
    informers: Informers,
    recorder: Recorder,
    clock: Clock,
    rng: Random,
    configuration: Configuration | None = None,
    registry: Registry | None = None,
    extenders: Extenders | None = None,
) -> Scheduler:
    """`configuration`: the default one if none is given. `recorder` has to be run beside it. Raises
    ConfigurationError.
    """
    chosen = configuration or builtin_configuration()
    storage, devices, writes = Storage(informers=informers), DeviceView(informers=informers), Tasks()
    known = makers(
        client=client,
        informers=informers,
        readers=Readers(informers=informers),
        rng=rng,
        storage=storage,
        devices=devices,
        recorder=recorder,
        clock=clock,
        writes=writes,
    )
    ignored = [name for each in chosen.extenders for name in each.ignored_resources]
    profiles = {
        each.scheduler_name: build_profile(_ignoring(each, ignored), known | user_makers(each))
        for each in chosen.profiles
    }
    if extenders is not None and extenders.bind_pods:
        binder = ExtenderBinder(extenders=extenders)
        profiles = {name: joined(profile, binder, ("bind",), first=True) for name, profile in profiles.items()}
    return Scheduler(
        profiles=profiles,
        informers=informers,
        outcomes=Outcomes(client=client, recorder=recorder, clock=clock),
        rng=rng,
        others={**storage.informers, **devices.informers},
        writes=writes,
        backoff_s=chosen.backoff_s,
        backoff_s_max=chosen.backoff_s_max,
        extenders=extenders,
        measured=SchedulerMetrics(registry=registry) if registry is not None else None,
    )


def _ignoring(profile: ProfileConfiguration, resources: list[str]) -> ProfileConfiguration:
    """A profile that leaves resources to the extenders that manage them."""
    if not resources:
        return profile
    fit = profile.args.get("NodeResourcesFit", {}) | {"ignoredResources": resources}
    return replace(profile, args={**profile.args, "NodeResourcesFit": fit})


class SchedulerPart:
    """Started after the API server answers, stopped before it drains."""

    def __init__(
        self,
        *,
        clients: Clients,
        clock: Clock,
        rng: Random,
        on_crash: Callable[[str, BaseException], None],
        informers: Informers | None = None,
        configuration: Configuration | None = None,
        registry: Registry | None = None,
    ) -> None:
        """`clients`: closed by `stop`. `on_crash(name, error)`: something ended for good. `informers`: of all parts of
        this process, if it has any. `configuration`: the default one if none is given. `registry`: for
        what it counts.
        """
        self._clients = clients
        self._client = clients.client(USER)
        self._clock = clock
        self._rng = rng
        self._on_crash = on_crash
        self._configuration = configuration or builtin_configuration()
        self._registry = registry
        self._http = HttpClient()
        self._tasks = Tasks(on_crash=on_crash)
        self._election = Tasks(on_crash=on_crash)
        self._informers = Informers(client=self._client, rng=rng) if informers is None else informers.share()

    async def start(self) -> None:
        """Returns when all caches are filled and pods are being placed. Raises StartError for a configuration that
        cannot be followed.
        """
        recorder = Recorder(client=self._client, component=DEFAULT_SCHEDULER, clock=self._clock, rng=self._rng)
        try:
            scheduler = make_scheduler(
                client=self._client,
                informers=self._informers,
                recorder=recorder,
                clock=self._clock,
                rng=self._rng,
                configuration=self._configuration,
                registry=self._registry,
                extenders=make_extenders(self._configuration.extenders, self._http),
            )
        except ConfigurationError as error:
            raise StartError(f"the scheduler's configuration: {error}") from error
        await self._informers.start(on_crash=self._on_crash)
        for _ in range(EVENT_WRITERS):
            self._tasks.start(recorder.run(), name="events of the scheduler")
        self._tasks.start(scheduler.run(), name="scheduler")

    def elect(self, identity: str) -> None:
        """Work only while this process holds the lease: of several API servers over one store one does.

        Losing it counts as a crash: the process should end, as its caches are full of what it may no longer act on.
        """
        chosen = self._configuration.election
        election = LeaderElection(
            client=self._client,
            lease=Key(chosen.namespace, chosen.name),
            identity=identity,
            clock=self._clock,
            rng=self._rng,
            terms=Terms(lease_s=chosen.lease_s, renew_s_max=chosen.renew_deadline_s, retry_s=chosen.retry_s),
        )
        self._election.start(election.run(self._lead), name="election of the scheduler")

    async def stop(self) -> None:
        await self._election.close()  # with which the lease is given back, after the work has ended
        await self._halt()
        await self._http.close()
        await self._clients.close()

    async def _lead(self) -> None:
        try:
            await self.start()
            await asyncio.get_running_loop().create_future()
        finally:
            await self._halt()

    async def _halt(self) -> None:
        await self._tasks.close()
        await self._informers.stop()

"""leader: of several processes that could do a work one does it, the one that holds a Lease.

    wait until the lease is free, or was not renewed for its whole duration > lead, renewing > give it back

Reads and writes: one Lease (get, create, update).
Invariants: durations are measured from when this process saw a change, by the monotonic clock; what other processes
wrote as times, and how clocks are set, decides nothing. Who leads stops before anybody else may start: the deadline
counts from before the last renewal was sent, and the lease is given back after the work has ended.
Upstream: client-go tools/leaderelection. Differences: the deadline as said; losing the lease ends the work, not the
process.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.coordination.lease import LEASES
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.api.meta.times import format_micro_time
from steersman.client.errors import TransportError
from steersman.client.events import NORMAL
from steersman.lib.aio import Tasks, loop_time

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.events import Recorder
    from steersman.client.request import Key
    from steersman.lib.clock import Clock

JITTER = 1.2
_RELEASED_S = 1
"""Duration of a lease that was given back."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a lease holds, how long its holder tries to renew it, and how long is waited between tries.

    Raises ValueError unless lease > renewal > retry with jitter > 0.
    """

    lease_s: float = 15.0
    renew_s_max: float = 10.0
    retry_s: float = 2.0

    def __post_init__(self) -> None:
        if not self.lease_s > self.renew_s_max:
            raise ValueError(f"lease_s ({self.lease_s}) must be greater than renew_s_max ({self.renew_s_max})")
        if not self.renew_s_max > JITTER * self.retry_s > 0:
            raise ValueError(
                f"renew_s_max ({self.renew_s_max}) must be greater than {JITTER} * retry_s, and that than 0"
            )


class LeadershipLost(Exception):
    """The lease could not be renewed in time, or somebody else has it; the work was cancelled."""


class LeaderElection:
    """One candidate for one Lease."""

    def __init__(
        self,
        *,
        client: Client,
        lease: Key,
        identity: str,
        clock: Clock,
        rng: Random,
        terms: Terms = Terms(),
        recorder: Recorder | None = None,
    ) -> None:
        """`identity`: unlike that of any other candidate. `clock`: for what is written into the lease."""
        self._client = client
        self._key = lease
        self._identity = identity
        self._clock = clock
        self._rng = rng
        self._terms = terms
        self._recorder = recorder
        self._lease: Object | None = None
        self._observed_at = 0.0
        self._until = 0.0
        self._logger = logging.getLogger(__name__)

    @property
    def holder(self) -> str:
        """Who was last seen to hold the lease; empty if nobody."""
        return str(_spec(self._lease).get("holderIdentity") or "")

    @property
    def leading(self) -> bool:
        """Whether this candidate holds the lease, and may act on that."""
        return self.holder == self._identity and loop_time() < self._until

    async def run(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Wait for the lease, then do `work` while it is held; returns when the work does.

        The work is cancelled, and waited for, when the lease is lost (LeadershipLost) or this is cancelled. Raises what
        the work raises.
        """
        await self._acquire()
        self._tell("became leader")
        tasks = Tasks(on_crash=lambda _name, _error: None)  # it is awaited here
        working = tasks.start(work(), name=f"leader of {self._key}")
        renewing = tasks.start(self._renew(), name=f"lease {self._key}")
        try:
            await asyncio.wait((working, renewing), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                renewing.result()
            await working
        finally:
            await tasks.close()
            self._tell("stopped leading")
            await self._release()

    # -- holding it

    async def _acquire(self) -> None:
        terms = self._terms
        self._logger.info("%s: waiting to lead as %s", self._key, self._identity)
        before: str | None = None
        while not await self._try(terms.renew_s_max / 2):
            if self.holder != before:
                before = self.holder
                self._logger.info("%s: the leader is %s", self._key, before or "nobody")
            await asyncio.sleep(terms.retry_s * (1 + JITTER * self._rng.random()))
        self._logger.info("%s: leading as %s", self._key, self._identity)

    async def _renew(self) -> None:
        """As long as it goes well. Raises LeadershipLost."""
        terms = self._terms
        while True:
            await asyncio.sleep(min(terms.retry_s, self._until - loop_time()))
            remaining_s = self._until - loop_time()
            renewed = remaining_s > 0 and await self._try(min(remaining_s, terms.renew_s_max / 2))
            if not renewed and (self.holder != self._identity or loop_time() >= self._until):
                raise LeadershipLost(f"{self._key}: not renewed in {terms.renew_s_max} s; held by {self.holder or '?'}")

    async def _release(self) -> None:
        """Let somebody else lead at once. Does nothing if that is no longer ours to say."""
        try:
            async with asyncio.timeout(self._terms.renew_s_max):
                while True:
                    self._observe(await self._client.get(LEASES, self._key))
                    if self.holder != self._identity:
                        return
                    now = format_micro_time(self._clock.now())
                    spec = {
                        "holderIdentity": "",
                        "leaseDurationSeconds": _RELEASED_S,
                        "acquireTime": now,
                        "renewTime": now,
                        "leaseTransitions": _spec(self._lease).get("leaseTransitions") or 0,
                    }
                    try:
                        await self._update(spec)
                    except Conflict:
                        continue  # a renewal of ours that was cancelled on its way
                    return
        except (ApiError, TransportError, TimeoutError) as error:
            self._logger.warning("%s: cannot give the lease back: %s", self._key, error)

    async def _try(self, timeout_s: float) -> bool:
        """Take the lease, or renew it; False if somebody else has it, or the API does not answer in time."""
        sent = loop_time()
        try:
            async with asyncio.timeout(timeout_s):
                held = await self._take()
        except (ApiError, TransportError, TimeoutError) as error:
            self._logger.info("%s: %s: %s", self._key, type(error).__name__, error)
            return False
        if held:
            self._until = sent + self._terms.renew_s_max
        return held

    async def _take(self) -> bool:
        if self.holder == self._identity and not self._expired():
            try:
                await self._update(self._held_spec())
            except ApiError as error:
                self._logger.debug("%s: %s; looking at it again", self._key, error)
            else:
                return True
        try:
            lease = await self._client.get(LEASES, self._key)
        except NotFound:
            self._lease = None
            metadata = {"namespace": self._key.namespace, "name": self._key.name}
            lease = {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": metadata}
            self._observe(await self._client.create(LEASES, {**lease, "spec": self._held_spec()}))
            return True
        self._observe(lease)
        if self.holder not in ("", self._identity) and not self._expired():
            return False
        await self._update(self._held_spec())
        return True

    def _expired(self) -> bool:
        duration_s = _spec(self._lease).get("leaseDurationSeconds") or 0
        return loop_time() >= self._observed_at + duration_s

    def _observe(self, lease: Object) -> None:
        if self._lease is None or _spec(lease) != _spec(self._lease):
            self._observed_at = loop_time()
        self._lease = lease

    async def _update(self, spec: Object) -> None:
        assert self._lease is not None
        self._observe(await self._client.update(LEASES, {**self._lease, "spec": spec}))

    def _held_spec(self) -> Object:
        """The lease as ours from now on: held further, or taken over from somebody, or new."""
        before = _spec(self._lease)
        now = format_micro_time(self._clock.now())
        transitions = before.get("leaseTransitions") or 0
        ours = self.holder == self._identity
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self._terms.lease_s),
            "acquireTime": (before.get("acquireTime") if ours else None) or now,
            "renewTime": now,
            "leaseTransitions": transitions if ours or self._lease is None else transitions + 1,
        }

    def _tell(self, what: str) -> None:
        self._logger.info("%s: %s %s", self._key, self._identity, what)
        if self._recorder is not None and self._lease is not None:
            lease = {**self._lease, "kind": "Lease", "apiVersion": "coordination.k8s.io/v1"}
            self._recorder.event(lease, NORMAL, "LeaderElection", f"{self._identity} {what}")


def _spec(lease: Object | None) -> Object:
    spec: Object = (lease or {}).get("spec") or {}
    return spec

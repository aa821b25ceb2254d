"""What the verbs work with: the parts of a running API server that do not depend on the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.schema.decode import decode

if TYPE_CHECKING:
    import random

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.chain import Chain
    from steersman.apiserver.codec.negotiate import Negotiator
    from steersman.apiserver.codec.protobuf import Protobuf
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.kinds import Kinds
    from steersman.apiserver.metrics import ServerMetrics
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.resources import ResourceTable
    from steersman.apiserver.verbs.watch import RunningWatch
    from steersman.lib.clock import Clock
    from steersman.store.interface import Store
    from steersman.store.watchcache import WatchCache


@dataclass(slots=True, kw_only=True)
class Service:
    """Made once by the composition root."""

    store: Store
    cache: WatchCache
    resources: ResourceTable
    pipeline: Pipeline
    chain: Chain
    negotiator: Negotiator
    protobuf: Protobuf
    kinds: Kinds
    identifiers: Identifiers
    clock: Clock
    rng: random.Random
    metrics: ServerMetrics
    watches: set[RunningWatch] = field(default_factory=set)
    """All watches that are open; a draining server ends them."""

    @staticmethod
    def normal_form(resource: Resource, obj: Object) -> Object:
        """A fresh object as decoding a body would give it; for objects that the server itself makes."""
        decoded = decode(resource.schema(), obj).object
        decoded["kind"], decoded["apiVersion"] = resource.kind, resource.api_version
        return decoded

    def end_watches(self) -> None:
        for watch in list(self.watches):
            watch.stop()

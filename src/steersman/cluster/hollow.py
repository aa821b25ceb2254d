"""Simulated nodes of a cluster, beside its API server in the same process."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from steersman.api.errors import AlreadyExists
from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.api.rbac.cluster_role_binding import CLUSTER_ROLE_BINDINGS
from steersman.client.informer import Informers
from steersman.client.request import Key, PatchType
from steersman.cluster.errors import StartError
from steersman.kubelet.hollow.node_spec import NodeSpec
from steersman.kubelet.hollow.nodes import RULES, USER, HollowNodes
from steersman.kubelet.hollow.rules import RulesError, parse_behaviours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from random import Random

    from steersman.client.client import Client
    from steersman.cluster.local_clients import LocalClients
    from steersman.kubelet.hollow.behaviours import Behaviours
    from steersman.lib.clock import Clock

MAKER = "system:steersman:hollow-nodes-setup"
"""Makes what is there only where there are such nodes, as USER's role."""


class HollowPart:
    """Started after the API server answers, stopped before it drains."""

    def __init__(
        self,
        *,
        clients: LocalClients,
        specs: Sequence[NodeSpec],
        clock: Clock,
        rng: Random,
        on_crash: Callable[[str, BaseException], None],
        behaviours: Behaviours | None = None,
        state: Any = None,
        informers: Informers | None = None,
    ) -> None:
        """`clients`: closed by `stop`. `state`: what `HollowNodes.dump` gave where these nodes were before; `specs` are
        those that come in addition. `on_crash(name, error)`: something ended for good. `informers`: those that others
        in the process read by; None for some of its own.
        """
        self._clients = clients
        self._specs = specs
        self._state = state
        self._on_crash = on_crash
        self._informers = informers.share() if informers else Informers(client=clients.client(USER), rng=rng)
        self.nodes = HollowNodes(
            clients=clients,
            informers=self._informers,
            clock=clock,
            rng=rng,
            on_crash=on_crash,
            behaviours=behaviours,
        )

    async def start(self) -> None:
        """Returns when all nodes are registered."""
        await ensure_role(self._clients.client(MAKER, ("system:masters",)))
        await self._informers.start(on_crash=self._on_crash)
        await self.nodes.start()
        if self._state is not None:
            self.nodes.load(self._state)
        await self.nodes.add(*self._specs)

    async def stop(self) -> None:
        await self.nodes.stop()
        await self._informers.stop()
        await self._clients.close()


async def ensure_role(client: Client) -> None:
    """USER may do what RULES say."""
    metadata = {"name": USER}
    try:
        await client.create(CLUSTER_ROLES, {"metadata": metadata, "rules": list(RULES)})
    except AlreadyExists:
        await client.patch(CLUSTER_ROLES, Key("", USER), {"rules": list(RULES)}, kind=PatchType.MERGE)
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": USER}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}
    with suppress(AlreadyExists):
        await client.create(CLUSTER_ROLE_BINDINGS, {"metadata": metadata, "roleRef": role, "subjects": [subject]})


def load_behaviours(path: Path) -> Behaviours:
    """Of a file of rules. Raises StartError."""
    try:
        return parse_behaviours(path.read_text())
    except (OSError, UnicodeDecodeError, RulesError) as error:
        raise StartError(f"--hollow-behaviours {path}: {error}") from error


def numbered(count: int) -> list[NodeSpec]:
    """`count` nodes called hollow-0001 and so on, in three zones."""
    return [
        NodeSpec(name=f"hollow-{number:04d}", zone=f"zone-{'abc'[number % 3 - 1]}", region="hollow")
        for number in range(1, count + 1)
    ]

"""Controllers beside an API server that answers in the same process."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from steersman.cluster.controllers import ControllerManager
from steersman.cluster.local_clients import LocalClients
from steersman.cluster.pki import ensure_pki
from steersman.lib.clock import SystemClock
from steersman.lib.metrics import Registry

if TYPE_CHECKING:
    from datetime import datetime


def test_every_controller_comes_as_its_own_service_account(tmp_path: Any) -> None:
    issued: list[tuple[str, tuple[str, ...]]] = []
    pki = ensure_pki(tmp_path / "pki", names=(), now=SystemClock().now())

    class Noting:
        @staticmethod
        def issue_client(common_name: str, *, organizations: tuple[str, ...], now: datetime) -> tuple[str, str]:
            issued.append((common_name, organizations))
            return pki.issue_client(common_name, organizations=organizations, now=now)

    manager = ControllerManager(
        names=(),
        settings={},
        clients=LocalClients(
            handler=lambda _request: None,  # type: ignore[arg-type,return-value]
            issuer=Noting(),
            clock=SystemClock(),
            rng=random.Random(1),
        ),
        clock=SystemClock(),
        rng=random.Random(1),
        registry=Registry(),
        on_crash=lambda _name, _error: None,
    )
    assert issued == [("system:kube-controller-manager", ())]
    manager._client("system:serviceaccount:kube-system:ttl-controller", ("system:serviceaccounts",))
    assert issued[1] == ("system:serviceaccount:kube-system:ttl-controller", ("system:serviceaccounts",))

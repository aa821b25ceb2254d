"""kube_apiserver_serving_clustertrustbundle_publisher: the CA of the API server as a ClusterTrustBundle.

Reads: cluster trust bundles. Writes: cluster trust bundles (create, update, delete), signers (attest).
Keys: one, for all bundles of the signer.
Invariants: the name is made of the content; the new bundle is there before former ones of the signer are deleted.
Upstream differences: none known.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.certificates.cluster_trust_bundle import CLUSTER_TRUST_BUNDLES
from steersman.api.errors import NotFound
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools

SIGNER = "kubernetes.io/kube-apiserver-serving"
_ALL = Key("", SIGNER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingCA:
    """What this controller is given."""

    ca_pem: str
    """The certificates that the API server's serving certificate is verified with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`create` or `update`, or neither; then `delete`."""

    create: Object | None
    update: Object | None
    delete: list[Key]


class ServingClusterTrustBundlePublisher(Controller):
    """See the module."""

    name = "kube_apiserver_serving_clustertrustbundle_publisher"
    account = "kube-apiserver-serving-clustertrustbundle-publisher"
    reads = (CLUSTER_TRUST_BUNDLES,)
    writes = (Writes(CLUSTER_TRUST_BUNDLES, ("create", "update", "delete")),)
    workers = 1

    def __init__(self, tools: Tools, *, settings: ServingCA) -> None:
        self._ca_pem = settings.ca_pem
        super().__init__(tools)

    def setup(self) -> None:
        self.queue.add(_ALL)
        self.on(CLUSTER_TRUST_BUNDLES, concerned)

    async def reconcile(self, key: Key) -> None:
        assert key == _ALL
        todo = plan(self.view.list(CLUSTER_TRUST_BUNDLES), ca_pem=self._ca_pem)
        if todo.create is not None:
            await self.client.create(CLUSTER_TRUST_BUNDLES, todo.create)
        if todo.update is not None:
            await self.client.update(CLUSTER_TRUST_BUNDLES, todo.update)
        for bundle in todo.delete:
            try:
                await self.client.delete(CLUSTER_TRUST_BUNDLES, bundle)
            except NotFound:
                continue


def concerned(old: Object | None, new: Object | None) -> list[Key]:
    bundles = [bundle for bundle in (old, new) if bundle is not None]
    return [_ALL] if any(bundle["spec"].get("signerName") == SIGNER for bundle in bundles) else []


def bundle_name(ca_pem: str) -> str:
    """Of the signer and the content."""
    digest = hashlib.sha256(ca_pem.encode()).digest()[:12].hex()
    return f"{SIGNER.replace('/', ':')}:{digest}"


def plan(bundles: Iterable[Object], *, ca_pem: str) -> Plan:
    """`bundles`: all there are."""
    name = bundle_name(ca_pem)
    mine = {bundle["metadata"]["name"]: bundle for bundle in bundles if bundle["spec"].get("signerName") == SIGNER}
    current = mine.pop(name, None)
    create = update = None
    if current is None:
        create = {
            "apiVersion": CLUSTER_TRUST_BUNDLES.api_version,
            "kind": CLUSTER_TRUST_BUNDLES.kind,
            "metadata": {"name": name},
            "spec": {"signerName": SIGNER, "trustBundle": ca_pem},
        }
    elif current["spec"].get("trustBundle") != ca_pem:
        update = current | {"spec": current["spec"] | {"trustBundle": ca_pem}}
    return Plan(create, update, [key_of(bundle) for bundle in mine.values()])

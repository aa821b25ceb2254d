"""root_ca_certificate_publisher: every namespace has the CA of the API server in the ConfigMap kube-root-ca.crt.

Reads: namespaces, config maps. Writes: config maps (create, update).
Keys: namespaces.
Invariants: what was changed by others is put back; nothing is created in a namespace that is going away.
Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.errors import ApiError, NotFound
from steersman.client.errors import is_cause
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools

CONFIG_MAP = "kube-root-ca.crt"
DESCRIPTION_KEY = "kubernetes.io/description"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCA:
    """What this controller is given."""

    ca_pem: str
    """The certificates that the API server's serving certificate is verified with."""


class RootCACertificatePublisher(Controller):
    """See the module."""

    name = "root_ca_certificate_publisher"
    account = "root-ca-cert-publisher"
    reads = (NAMESPACES, CONFIG_MAPS)
    writes = (Writes(CONFIG_MAPS, ("create", "update")),)

    def __init__(self, tools: Tools, *, settings: RootCA) -> None:
        self._ca_pem = settings.ca_pem
        super().__init__(tools)

    def setup(self) -> None:
        self.on(NAMESPACES, active_namespaces)
        self.on(CONFIG_MAPS, changed_copies)

    async def reconcile(self, key: Key) -> None:
        namespace = self.view.get(NAMESPACES, key)
        if namespace is None:
            return
        wanted = plan(key.name, self.view.get(CONFIG_MAPS, Key(key.name, CONFIG_MAP)), ca_pem=self._ca_pem)
        if wanted is None:
            return
        if "resourceVersion" in wanted["metadata"]:
            await self.client.update(CONFIG_MAPS, wanted)
            return
        try:
            await self.client.create(CONFIG_MAPS, wanted)
        except NotFound:
            return
        except ApiError as error:
            if not is_cause(error, "NamespaceTerminating"):
                raise


def active_namespaces(old: Object | None, new: Object | None) -> list[Key]:
    """Those that appear, and those that change and are not going away."""
    if new is None or (old is not None and (new.get("status") or {}).get("phase") != "Active"):
        return []
    return [Key("", new["metadata"]["name"])]


def changed_copies(old: Object | None, _new: Object | None) -> list[Key]:
    """The namespace of a copy that was changed or deleted."""
    if old is None or old["metadata"]["name"] != CONFIG_MAP:
        return []
    return [Key("", old["metadata"]["namespace"])]


def plan(namespace: str, existing: Object | None, *, ca_pem: str) -> Object | None:
    """The ConfigMap to create or update, or nothing if all is well."""
    data = {"ca.crt": ca_pem}
    if existing is None:
        return {
            "apiVersion": CONFIG_MAPS.api_version,
            "kind": CONFIG_MAPS.kind,
            "metadata": {"name": CONFIG_MAP, "namespace": namespace, "annotations": {DESCRIPTION_KEY: DESCRIPTION}},
            "data": data,
        }
    annotations = existing["metadata"].get("annotations") or {}
    if existing.get("data") == data and annotations.get(DESCRIPTION_KEY):
        return None
    metadata = existing["metadata"] | {"annotations": annotations | {DESCRIPTION_KEY: DESCRIPTION}}
    return existing | {"metadata": metadata, "data": data}

"""cluster_authentication_trust: the ConfigMap that tells extension servers whom they may believe.

Reads: configmaps, namespaces. Writes: configmaps (kube-system/extension-apiserver-authentication).
Invariants: what this server needs is in it, whoever changes it; authorities and names that others added stay, until
certificates end.
Upstream differences: it is put right at once instead of within a minute, also where it cannot be read.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import orjson

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.apiserver.keepers.base import Keeper
from steersman.lib.certificate import CertificateError, parse_certificate, parse_pem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.store.watchcache import Change

NAMESPACE: Final = "kube-system"
NAME: Final = "extension-apiserver-authentication"
CLIENT_CA: Final = "client-ca-file"
PROXY_CA: Final = "requestheader-client-ca-file"
_SLACK: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What this server believes itself. Without authorities there is nothing to tell."""

    client_ca_pem: str = ""
    front_proxy_ca_pem: str = ""
    front_proxy_names: tuple[str, ...] = ("front-proxy-client",)


def plan_trust(data: Mapping[str, str], trust: Trust, *, now: datetime) -> dict[str, str]:
    """The data of the ConfigMap that holds what is needed and what was there already."""
    wanted: dict[str, str] = {}
    if client := _united(data.get(CLIENT_CA, ""), trust.client_ca_pem, now):
        wanted[CLIENT_CA] = client
    if proxy := _united(data.get(PROXY_CA, ""), trust.front_proxy_ca_pem, now):
        lists = {
            "requestheader-username-headers": ("X-Remote-User",),
            "requestheader-uid-headers": ("X-Remote-Uid",),
            "requestheader-group-headers": ("X-Remote-Group",),
            "requestheader-extra-headers-prefix": ("X-Remote-Extra-",),
            "requestheader-allowed-names": trust.front_proxy_names,
        }
        for key, needed in lists.items():
            names = dict.fromkeys((*_names(data.get(key, "")), *needed))
            wanted[key] = orjson.dumps(list(names)).decode()
        wanted[PROXY_CA] = proxy
    return wanted


def _names(text: str) -> list[str]:
    try:
        found = orjson.loads(text)
    except ValueError:
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def _united(there: str, needed: str, now: datetime) -> str:
    """Both bundles in one, without doubles and without what has ended."""
    certificates: dict[bytes, None] = {}
    for bundle in (there, needed):
        try:
            found = [(der, parse_certificate(der)) for der in parse_pem(bundle)] if bundle else []
        except CertificateError:
            continue
        certificates.update((der, None) for der, each in found if each.not_after > now - _SLACK)
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in certificates)


class ClusterAuthenticationTrust(Keeper):
    """There is one key."""

    name = "cluster_authentication_trust"
    follows = (CONFIG_MAPS, NAMESPACES)

    def __init__(
        self,
        *,
        resources: ResourceTable,
        reader: CacheReader,
        pipeline: Pipeline,
        identifiers: Identifiers,
        trust: Trust,
    ) -> None:
        super().__init__(resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers)
        self._trust = trust

    def touched(self, resource: Resource, change: Change) -> Iterable[str]:
        name = self.name_of(resource, change)
        is_ours = name == (f"{NAMESPACE}/{NAME}" if resource is CONFIG_MAPS else NAMESPACE)
        return self.everything() if is_ours else ()

    def everything(self) -> Iterable[str]:
        return (NAME,) if self._trust.client_ca_pem or self._trust.front_proxy_ca_pem else ()

    async def sync(self, key: str) -> None:
        if not self._reader.exists(NAMESPACES, "", NAMESPACE):
            return
        found = self._reader.get(CONFIG_MAPS, NAMESPACE, key)
        write = self.write(CONFIG_MAPS, key)
        write.namespace = NAMESPACE
        if found is None:
            metadata = {"name": key, "namespace": NAMESPACE}
            made = {"kind": CONFIG_MAPS.kind, "apiVersion": CONFIG_MAPS.api_version, "metadata": metadata}
            await self._pipeline.create(write, made | {"data": self._wanted({})})
        elif self._wanted(found) != (found.get("data") or {}):
            await self._pipeline.update(write, self._updated)

    def _updated(self, old: Object | None) -> Object:
        assert old is not None
        return old | {"metadata": dict(old["metadata"]), "data": self._wanted(old)}

    def _wanted(self, config_map: Object) -> dict[str, str]:
        return plan_trust(config_map.get("data") or {}, self._trust, now=self._identifiers.clock.now())

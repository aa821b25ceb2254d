"""IPAddress: one address that is in use by the cluster."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

IP_ADDRESSES = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="IPAddress",
    plural="ipaddresses",
    singular="ipaddress",
    short_names=("ip",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.networking.v1.IPAddress"),
)

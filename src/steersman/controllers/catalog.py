"""Every controller, by name, as an import string: what is left out is not imported.

The order is that in which they start; nothing depends on it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.controllers.base import Controller

CONTROLLERS = {
    "daemonset": "steersman.controllers.daemonset.controller:DaemonSets",
    "replicaset": "steersman.controllers.replicaset:ReplicaSets",
    "replication": "steersman.controllers.replication:ReplicationControllers",
    "ttl_after_finished": "steersman.controllers.ttl_after_finished:TTLAfterFinished",
    "endpoints": "steersman.controllers.endpoints:Endpoints",
    "endpointslice": "steersman.controllers.endpointslice.controller:EndpointSlices",
    "endpointslice_mirroring": "steersman.controllers.endpointslice_mirroring:MirroredSlices",
    "service_cidr": "steersman.controllers.service_cidr:ServiceCIDRs",
}


def load_controller(name: str) -> type[Controller]:
    """Raises KeyError for a name that is not in the catalog."""
    module, _, kind = CONTROLLERS[name].partition(":")
    found: type[Controller] = getattr(import_module(module), kind)
    return found

"""device_view: what plugins know of devices and claims, out of informers.

Reads: resourceclaims, resourceslices, deviceclasses, devicetaintrules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.dra.device_class import DEVICE_CLASSES
from steersman.api.dra.device_taint_rule import DEVICE_TAINT_RULES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.scheduler.devices.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.client.informer import Informer, Informers


class DeviceView:
    """Wishes for its informers when it is made, and keeps `tracker` current by them. Objects are read-only."""

    def __init__(self, *, informers: Informers) -> None:
        self.tracker = Tracker()
        self.claims = informers.of(RESOURCE_CLAIMS)
        self.informers: Mapping[str, Informer] = {
            "resourceclaims": self.claims,
            "resourceslices": informers.of(RESOURCE_SLICES),
            "deviceclasses": informers.of(DEVICE_CLASSES),
            "devicetaintrules": informers.of(DEVICE_TAINT_RULES),
        }
        handlers = {
            "resourceclaims": self.tracker.claim_changed,
            "resourceslices": self.tracker.slice_changed,
            "deviceclasses": self.tracker.class_changed,
            "devicetaintrules": self.tracker.rule_changed,
        }
        for plural, handler in handlers.items():
            self.informers[plural].add_handler(handler)

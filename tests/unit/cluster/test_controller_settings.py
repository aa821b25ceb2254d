"""Every option reaches the controller that it is for."""

from __future__ import annotations

import inspect

from steersman.cluster.controller_options import ControllerOptions
from steersman.cluster.controller_settings import settings_from
from steersman.controllers.catalog import load_controller
from steersman.controllers.horizontal_pod_autoscaler.controller import Settings as Autoscaling
from steersman.controllers.node_ipam import PodNetworks
from steersman.controllers.node_lifecycle.controller import Patience
from steersman.controllers.pod_garbage_collector import Limits

SERVICES = ("10.96.0.0/16",)


def test_controllers_that_are_given_settings_take_them() -> None:
    for name in settings_from(ControllerOptions(), service_cidrs=SERVICES):
        assert "settings" in inspect.signature(load_controller(name)).parameters, name


def test_defaults_are_those_that_the_controllers_have_themselves() -> None:
    settings = settings_from(ControllerOptions(), service_cidrs=SERVICES)
    assert settings["node_lifecycle"] == Patience()
    assert settings["horizontal_pod_autoscaler"] == Autoscaling()
    assert settings["pod_garbage_collector"] == Limits()
    assert settings["node_ipam"] == PodNetworks(mask_bits=(24,))


def test_choices_arrive() -> None:
    options = ControllerOptions(node_eviction_rate=3.0, horizontal_pod_autoscaler_sync_period=2.0)
    settings = settings_from(options, service_cidrs=SERVICES)
    patience, autoscaling = settings["node_lifecycle"], settings["horizontal_pod_autoscaler"]
    assert isinstance(patience, Patience)
    assert isinstance(autoscaling, Autoscaling)
    assert (patience.rates.usual, autoscaling.sync_s) == (3.0, 2.0)

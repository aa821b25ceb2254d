"""Options of controllers: upstream's names, Go's durations, and what does not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from steersman.cli.controller_options import controller_options, controller_options_from
from steersman.cli.options import config_from, server_options

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.cluster.controller_options import ControllerOptions


def read(*arguments: str) -> tuple[ControllerOptions | None, str]:
    """The options made of command line arguments, or what was printed instead."""
    made: list[ControllerOptions] = []

    @click.command()
    @controller_options
    def command(**options: Any) -> None:
        made.append(controller_options_from(options))
        assert not options

    result = CliRunner().invoke(command, arguments)
    return (made[0] if made else None), result.output


def test_durations_are_written_as_go_does() -> None:
    options, output = read("--node-monitor-grace-period=1h", "--horizontal-pod-autoscaler-sync-period=1m30.5s")
    assert options is not None, output
    assert options.node_monitor_grace_period == 3600
    assert options.horizontal_pod_autoscaler_sync_period == 90.5
    assert options.node_startup_grace_period == 60


def test_a_switch_needs_no_value() -> None:
    for arguments, expected in (
        ((), True),
        (("--allocate-node-cidrs", "--cluster-cidr=10.0.0.0/16"), True),
        (("--allocate-node-cidrs=false",), False),
    ):
        options, output = read(*arguments)
        assert options is not None, output
        assert options.allocate_node_cidrs is expected
        assert ("node_ipam" in options.names) is expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--node-monitor-period=5",), "missing unit in duration"),
        (("--node-monitor-period=-5s",), "is not positive"),
        (("--controllers=*,-jub",), "--controllers: 'jub' is not in the list of known controllers"),
        (("--cluster-cidr=10.0.0.0/33",), "--cluster-cidr: invalid CIDR address: 10.0.0.0/33"),
        (("--cluster-cidr=10.0.0.0/16,10.1.0.0/16",), "one of IPv4 and one of IPv6"),
        (("--unhealthy-zone-threshold=55",), "0<=x<=1"),
        (("--node-cidr-mask-size=12",), "/12 is no part of 10.244.0.0/16; choose between 16 and 32"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], message: str) -> None:
    options, output = read(*arguments)
    assert options is None
    assert message in " ".join(output.split())


def test_a_configuration_file_may_hold_them(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("node_monitor_grace_period: 1h\ncluster_cidr: [10.0.0.0/16, 'fd00::/56']\ncontrollers: '*,-job'\n")
    made: list[ControllerOptions] = []

    @click.command()
    @server_options
    @controller_options
    def command(**options: Any) -> None:
        made.append(config_from(options).controllers)

    result = CliRunner().invoke(command, ["--config", str(file), "--node-monitor-period", "1s"])
    assert made, result.output
    (options,) = made
    assert (options.node_monitor_grace_period, options.node_monitor_period) == (3600, 1)
    assert options.cluster_cidr == ("10.0.0.0/16", "fd00::/56")
    assert "job" not in options.names

"""Options: command line over file over defaults, and errors that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from steersman.cli.options import config_from, server_options
from steersman.cluster.config import ADDRESS_TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.cluster.config import ServerConfig


def read(*arguments: str) -> tuple[ServerConfig | None, str]:
    """The configuration made of command line arguments, or what was printed instead."""
    made: list[ServerConfig] = []

    @click.command()
    @server_options
    def command(**options: Any) -> None:
        made.append(config_from(options))

    result = CliRunner().invoke(command, arguments)
    return (made[0] if made else None), result.output


def test_without_arguments_everything_has_a_default() -> None:
    config, _ = read()
    assert config is not None
    assert (config.listen, config.port, config.store.driver) == ("127.0.0.1", 6443, "sqlite")
    assert config.service_cidrs == ("10.96.0.0/16",)


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("port: 1000\nlisten: 0.0.0.0\nservice_cidr: [10.1.0.0/16, 'fd00::/112']\nanonymous: false\n")
    config, output = read("--config", str(file), "--port", "2000")
    assert config is not None, output
    assert (config.port, config.listen, config.anonymous) == (2000, "0.0.0.0", False)
    assert config.service_cidrs == ("10.1.0.0/16", "fd00::/112")


def test_types_of_addresses_are_a_list(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("kubelet_preferred_address_types: [InternalIP, Hostname]\n")
    given = ("--kubelet-preferred-address-types", "ExternalIP, InternalIP")
    for arguments, expected in (
        ((), ADDRESS_TYPES),
        (("--config", str(file)), ("InternalIP", "Hostname")),
        (("--config", str(file), *given), ("ExternalIP", "InternalIP")),
    ):
        config, output = read(*arguments)
        assert config is not None, output
        assert config.kubelet_preferred_address_types == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--store", "redis"), "use memory, sqlite, etcd://"),
        (("--port", "70000"), "0<=x<=65535"),
        (("--node-ports", "9-1"), "node-ports"),
        (("--token-auth-file", "/does/not/exist"), "does not exist"),
        (("--service-cidr", "10.0.0.1/40"), "service-cidr"),
        (("--service-cidr", "10.0.0.0/30"), "fewer than 8 addresses"),
        (("--service-cidr", "10.0.0.0/16", "--service-cidr", "10.1.0.0/16"), "one of IPv4 and one of IPv6"),
        (("--listen", "localhost"), "--listen: 'localhost' is no IP address"),
        (("--advertise", "here"), "--advertise: 'here' is no IP address"),
        (("--kubelet-preferred-address-types", "Hostname,IP"), "'IP': no type of address; choose among Hostname, "),
        (("--kubelet-certificate-authority", "/does/not/exist"), "does not exist"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], message: str) -> None:
    config, output = read(*arguments)
    assert config is None
    assert message in output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot: 1\n", "unknown option prot"),
        ("- a\n", "must be a mapping"),
        ("port: [1\n", "config.yaml: line 2"),
        ("port: many\n", "port: 'many' is not"),
        ("port: [1]\n", "port: [1] is no single value"),
        ("log_level: loud\n", "log_level: 'loud' is not one of"),
        ("anonymous: 3\n", "anonymous: '3' is not"),
        ("compaction_s: 0\n", "compaction_s: 0.0 is not in the range"),
        ("token_auth_file: /nonexistent\n", "token_auth_file: "),
        ("service_cidr: [10.0.0.0/16, nonsense]\n", "nonsense"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    config, output = read("--config", str(file))
    assert config is None
    assert message in output


def test_several_etcd_servers() -> None:
    config, _ = read("--store", "etcd://a,b:1,c")
    assert config is not None
    assert config.store.endpoints == ("a:2379", "b:1", "c:2379")

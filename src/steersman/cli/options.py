"""Options that `apiserver` and `server` share, and the configuration file that may hold them."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from steersman.cluster.config import ServerConfig
from steersman.store.catalog import parse_address

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = (
    "data_dir",
    "listen",
    "port",
    "advertise",
    "store",
    "etcd_ca",
    "etcd_certificate",
    "etcd_key",
    "service_cidr",
    "node_ports",
    "token_auth_file",
    "issuer",
    "anonymous",
    "compaction_s",
    "log_format",
    "log_level",
)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as keyword arguments for `config_from`."""
    for option in reversed(
        (
            click.option(
                "--data-dir",
                type=click.Path(file_okay=False, path_type=Path),
                help="Where state, keys and the kubeconfig live.  [default: ./steersman-data]",
            ),
            click.option("--listen", metavar="ADDR", help="Address to listen on.  [default: 127.0.0.1]"),
            click.option(
                "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 picks a free one.  [default: 6443]"
            ),
            click.option(
                "--advertise",
                metavar="ADDR",
                help="Address under which clients reach the server.  [default: the one it listens on]",
            ),
            click.option(
                "--store",
                metavar="STORE",
                help="sqlite, memory, etcd://H1,H2,H3 or etcds://... for TLS.  [default: sqlite]",
            ),
            click.option("--etcd-ca", type=_EXISTING, help="CA of the etcd servers."),
            click.option("--etcd-certificate", type=_EXISTING, help="Client certificate for etcd."),
            click.option("--etcd-key", type=_EXISTING, help="Key of the client certificate for etcd."),
            click.option(
                "--service-cidr",
                metavar="CIDR",
                multiple=True,
                help="Range of service addresses; twice for dual stack.  [default: 10.96.0.0/16]",
            ),
            click.option("--node-ports", metavar="FROM-TO", help="Range of node ports.  [default: 30000-32767]"),
            click.option(
                "--token-auth-file", type=_EXISTING, help='CSV of static tokens: token,user,uid,"group1,group2".'
            ),
            click.option(
                "--issuer",
                metavar="URL",
                help="Issuer of service account tokens.  [default: https://kubernetes.default.svc]",
            ),
            click.option(
                "--anonymous/--no-anonymous",
                default=None,
                help="Whether requests without credentials get as far as authorisation.  [default: anonymous]",
            ),
            click.option(
                "--compaction-s",
                type=click.FloatRange(min=1),
                help="Seconds of history that stay readable.  [default: 300]",
            ),
            click.option("--log-format", type=click.Choice(["text", "json"]), help="[default: text]"),
            click.option(
                "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]"
            ),
            click.option(
                "--config",
                type=_EXISTING,
                help="YAML file with any of these options (dashes as underscores); options win over it.",
            ),
        )
    ):
        command = option(command)
    return command


def config_from(options: dict[str, Any]) -> ServerConfig:
    """Command line over file over defaults. Raises click.UsageError that says what is wrong where."""
    given = _from_file(options.pop("config"))
    given |= {name: value for name, value in options.items() if value not in (None, ())}
    try:
        store = parse_address(str(given.pop("store", "sqlite")))
    except ValueError as error:
        raise click.UsageError(f"--store: {error}") from None
    values: dict[str, Any] = {"store": store, "data_dir": Path(given.pop("data_dir", "steersman-data"))}
    cidrs = given.pop("service_cidr", None)
    if cidrs:
        values["service_cidrs"] = tuple(map(_network, (cidrs,) if isinstance(cidrs, str) else cidrs))
    ports = given.pop("node_ports", None)
    if ports:
        values["node_ports"] = _port_range(str(ports))
    for name in ("etcd_ca", "etcd_certificate", "etcd_key", "token_auth_file"):
        if name in given:
            given[name] = Path(given[name])
    return ServerConfig(**values, **given)


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise click.UsageError(f"--config {path}: {error}") from None
    if not isinstance(content, dict):
        raise click.UsageError(f"--config {path}: must be a mapping of options, as `port: 6443`")
    unknown = sorted(set(content) - set(_NAMES))
    if unknown:
        raise click.UsageError(f"--config {path}: unknown option {', '.join(unknown)}; known: {', '.join(_NAMES)}")
    return content


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise click.UsageError(f"--service-cidr: {error}; use a range such as 10.96.0.0/16") from None
    return text


def _port_range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not (low.isdigit() and high.isdigit() and 0 < int(low) <= int(high) < 65536):
        raise click.UsageError(f"--node-ports: {text!r} is no range of ports such as 30000-32767")
    return int(low), int(high)

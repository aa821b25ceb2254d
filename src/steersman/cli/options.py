"""Options that `apiserver` and `server` share, and the configuration file that may hold them, and the controllers'."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from steersman.cli.controller_options import CONTROLLER_TYPES, Texts, controller_options_from
from steersman.cluster.config import ADDRESS_TYPES, ServerConfig
from steersman.store.catalog import parse_address

if TYPE_CHECKING:
    from collections.abc import Callable

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_TYPES: dict[str, click.ParamType[Any]] = {
    "data_dir": click.Path(file_okay=False, path_type=Path),
    "listen": click.STRING,
    "port": click.IntRange(0, 65535),
    "advertise": click.STRING,
    "store": click.STRING,
    "etcd_ca": _EXISTING,
    "etcd_certificate": _EXISTING,
    "etcd_key": _EXISTING,
    "service_cidr": click.STRING,
    "node_ports": click.STRING,
    "kubelet_certificate_authority": _EXISTING,
    "kubelet_preferred_address_types": click.STRING,
    "token_auth_file": _EXISTING,
    "issuer": click.STRING,
    "anonymous": click.BOOL,
    "compaction_s": click.FloatRange(min=1),
    "log_format": click.Choice(["text", "json"]),
    "log_level": click.Choice(["debug", "info", "warning", "error"]),
} | CONTROLLER_TYPES
"""Every option that a configuration file may hold, and what its value must be there as well as on the command line."""
SERVICE_ADDRESSES_MIN = 8


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as keyword arguments for `config_from`."""
    for option in reversed(
        (
            click.option(
                "--data-dir",
                type=_TYPES["data_dir"],
                help="Where state, keys and the kubeconfig live.  [default: ./steersman-data]",
            ),
            click.option("--listen", metavar="ADDR", help="Address to listen on.  [default: 127.0.0.1]"),
            click.option("--port", type=_TYPES["port"], help="Port to listen on; 0 picks a free one.  [default: 6443]"),
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
                "--kubelet-certificate-authority",
                type=_EXISTING,
                help="What signs the kubelets' serving certificates. Without it they are not checked.",
            ),
            click.option(
                "--kubelet-preferred-address-types",
                metavar="TYPES",
                help="Which addresses of a node its kubelet is reached at, most preferred first.  "
                f"[default: {','.join(ADDRESS_TYPES)}]",
            ),
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
                type=_TYPES["compaction_s"],
                help="Seconds of history that stay readable.  [default: 300]",
            ),
            click.option("--log-format", type=_TYPES["log_format"], help="[default: text]"),
            click.option("--log-level", type=_TYPES["log_level"], help="[default: info]"),
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
    values: dict[str, Any] = {"store": store, "data_dir": given.pop("data_dir", Path("steersman-data"))}
    cidrs = given.pop("service_cidr", None)
    if cidrs:
        values["service_cidrs"] = _service_ranges(cidrs)
    ports = given.pop("node_ports", None)
    if ports:
        values["node_ports"] = _port_range(ports)
    types = given.pop("kubelet_preferred_address_types", None)
    if types:
        values["kubelet_preferred_address_types"] = _address_types(types)
    for name in ("listen", "advertise"):
        if given.get(name):
            _check_address(name, given[name])
    values["controllers"] = controller_options_from(given)
    return ServerConfig(**values, **given)


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text()) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--config {path}: {error}") from None
    except yaml.YAMLError as error:
        raise click.UsageError(f"--config {path}: {_in_one_line(error)}") from None
    if not isinstance(content, dict):
        raise click.UsageError(f"--config {path}: must be a mapping of options, as `port: 6443`")
    unknown = sorted(map(str, set(content) - set(_TYPES)))
    if unknown:
        raise click.UsageError(f"--config {path}: unknown option {', '.join(unknown)}; known: {', '.join(_TYPES)}")
    return {name: _converted(path, name, value) for name, value in content.items() if value is not None}


def _in_one_line(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    return f"line {mark.line + 1}: {problem}" if mark is not None else " ".join(str(error).split())


def _converted(path: Path, name: str, value: Any) -> Any:
    """A value from a file as the command line would have made it."""
    if isinstance(value, list) and name == "service_cidr":
        return tuple(map(str, value))
    if isinstance(value, list) and name == "kubelet_preferred_address_types":
        return ",".join(map(str, value))
    if isinstance(value, list) and isinstance(_TYPES[name], Texts):
        return tuple(map(str, value))
    try:
        if isinstance(value, list | dict):
            raise click.BadParameter(f"{value!r} is no single value")
        return _TYPES[name].convert(str(value), None, None)
    except click.BadParameter as error:
        raise click.UsageError(f"--config {path}: {name}: {error.message}") from None


def _service_ranges(given: str | tuple[str, ...]) -> tuple[str, ...]:
    """One range, or one of each family. Raises click.UsageError."""
    texts = (given,) if isinstance(given, str) else given
    networks = [_network(text) for text in texts]
    if len(networks) > 2 or len({network.version for network in networks}) < len(networks):
        raise click.UsageError(f"--service-cidr: {', '.join(texts)}: give one range, or one of IPv4 and one of IPv6")
    return texts


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise click.UsageError(f"--service-cidr: {error}; use a range such as 10.96.0.0/16") from None
    if network.num_addresses < SERVICE_ADDRESSES_MIN:
        raise click.UsageError(
            f"--service-cidr: {text} has fewer than {SERVICE_ADDRESSES_MIN} addresses; use a range such as 10.96.0.0/16"
        )
    return network


def _check_address(name: str, text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise click.UsageError(
            f"--{name}: {text!r} is no IP address; clients and certificates need one, such as 127.0.0.1"
        ) from None


def _address_types(text: str) -> tuple[str, ...]:
    types = tuple(part.strip() for part in text.split(","))
    unknown = [each for each in types if each not in ADDRESS_TYPES]
    if unknown:
        raise click.UsageError(
            f"--kubelet-preferred-address-types: {', '.join(map(repr, unknown))}: no type of address; "
            f"choose among {', '.join(ADDRESS_TYPES)}"
        )
    return types


def _port_range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not (low.isdigit() and high.isdigit() and 0 < int(low) <= int(high) < 65536):
        raise click.UsageError(f"--node-ports: {text!r} is no range of ports such as 30000-32767")
    return int(low), int(high)

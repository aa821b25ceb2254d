"""What a user can choose about an API server, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from steersman.cluster.controller_options import ControllerOptions
from steersman.store.catalog import StoreAddress

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS_TYPES = ("Hostname", "InternalDNS", "InternalIP", "ExternalDNS", "ExternalIP")
"""Types of a node's addresses, in the order in which a kubelet is looked for under them."""


PARTS = ("apiserver", "controllers", "scheduler")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Made by the command line from options and a configuration file."""

    data_dir: Path
    listen: str = "127.0.0.1"
    port: int = 6443
    """0 picks a free one."""
    advertise: str = ""
    """Address under which clients and pods reach the server; empty: the address it listens on."""
    store: StoreAddress = field(default_factory=lambda: StoreAddress("sqlite"))
    etcd_ca: Path | None = None
    etcd_certificate: Path | None = None
    etcd_key: Path | None = None
    service_cidrs: tuple[str, ...] = ("10.96.0.0/16",)
    node_ports: tuple[int, int] = (30000, 32767)
    kubelet_certificate_authority: Path | None = None
    """What signs kubelets' serving certificates; None: they are not checked."""
    kubelet_preferred_address_types: tuple[str, ...] = ADDRESS_TYPES
    token_auth_file: Path | None = None
    issuer: str = "https://kubernetes.default.svc"
    anonymous: bool = True
    compaction_s: float = 300.0
    """Interval of compaction; history younger than that stays readable."""
    parts: tuple[str, ...] = ("apiserver",)
    """Of PARTS, what runs in this process; the API server always does."""
    controllers: ControllerOptions = field(default_factory=ControllerOptions)
    leader_elect: bool | None = None
    """Whether controllers and scheduler first wait for a lease; None: with a store that several servers may share."""
    scheduler_config: Path | None = None
    """A KubeSchedulerConfiguration."""
    hollow_nodes: int = 0
    """So many simulated nodes run in this process."""
    hollow_behaviours: Path | None = None
    """Rules of what happens to them and their pods."""
    log_format: str = "text"
    log_level: str = "info"

    def settings(self) -> dict[str, str]:
        """Every setting as text, by its name with dashes: what `/flagz` shows. None of them is a secret."""
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        shown |= {each.name: getattr(self.controllers, each.name) for each in fields(self.controllers)}
        return {name.replace("_", "-"): _text(value) for name, value in shown.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, StoreAddress):
        scheme = f"{value.driver}s" if value.tls else value.driver
        return f"{scheme}://{','.join(value.endpoints)}" if value.endpoints else scheme
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

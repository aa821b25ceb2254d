"""What a user can choose about an API server, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.store.catalog import StoreAddress

if TYPE_CHECKING:
    from pathlib import Path


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
    token_auth_file: Path | None = None
    issuer: str = "https://kubernetes.default.svc"
    anonymous: bool = True
    compaction_s: float = 300.0
    """Interval of compaction; history younger than that stays readable."""
    log_format: str = "text"
    log_level: str = "info"

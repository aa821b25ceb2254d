"""The stores there are, by the name that the command line and the configuration use.

memory                          in this process, forgotten at its end
sqlite                          a file in the data directory
etcd://HOST[:PORT],HOST,...     an etcd v3 cluster (port 2379; TLS with etcds://)
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

DRIVERS = {
    "memory": "steersman.store.drivers.memory:MemoryStore",
    "sqlite": "steersman.store.drivers.sqlite:SqliteStore",
    "etcd": "steersman.store.drivers.etcd:EtcdStore",
}
"""Name -> import string of the driver. Its constructor takes keyword arguments only; see each."""

_ETCD_PORT = 2379


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Which driver, and for a remote one where: `endpoints` as host:port."""

    driver: str
    endpoints: tuple[str, ...] = ()
    tls: bool = False


def parse_address(text: str) -> StoreAddress:
    """Read what a user writes to choose a store. Raises ValueError with what would be right."""
    name, separator, rest = text.partition("://")
    if not separator and name in ("memory", "sqlite"):
        return StoreAddress(name)
    if separator and name in ("etcd", "etcds"):
        endpoints = tuple(_endpoint(part.strip()) for part in rest.rstrip("/").split(",") if part.strip())
        if endpoints:
            return StoreAddress("etcd", endpoints, tls=name == "etcds")
    raise ValueError(f"unknown store {text!r}: use memory, sqlite, etcd://HOST[:PORT],... or etcds://HOST[:PORT],...")


def _endpoint(text: str) -> str:
    host, separator, port = text.rpartition(":")
    if not separator or text.endswith("]"):
        return f"{text}:{_ETCD_PORT}"
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no HOST:PORT of an etcd server")
    return text


def load_driver(name: str) -> Any:
    """The driver's class, imported now. Raises KeyError for an unknown name."""
    module, _, attribute = DRIVERS[name].partition(":")
    return getattr(import_module(module), attribute)

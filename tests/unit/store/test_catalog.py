"""Stores are chosen by an address."""

from __future__ import annotations

import pytest

from steersman.store.catalog import DRIVERS, StoreAddress, load_driver, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("memory", StoreAddress("memory")),
        ("sqlite", StoreAddress("sqlite")),
        ("etcd://a", StoreAddress("etcd", ("a:2379",))),
        ("etcd://a:1,b,10.0.0.1:2379/", StoreAddress("etcd", ("a:1", "b:2379", "10.0.0.1:2379"))),
        ("etcds://[::1],[::1]:4", StoreAddress("etcd", ("[::1]:2379", "[::1]:4"), tls=True)),
    ],
)
def test_addresses_as_users_write_them(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "etcd", "etcd://", "postgres://a", "sqlite://x", "etcd://a:0", "etcd://a:b"])
def test_mistakes_are_told(text):
    with pytest.raises(ValueError, match="etcd"):
        parse_address(text)


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_every_driver_can_be_loaded(name):
    assert isinstance(load_driver(name).embedded, bool)

"""Addresses that this server connects to for others."""

from __future__ import annotations

import pytest

from steersman.api.errors import BadRequest
from steersman.apiserver.outbound.addresses import check_host, is_global_unicast


@pytest.mark.parametrize("text", ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1", "::ffff:10.0.0.1"])
def test_machines_and_pods_are_reached(text: str) -> None:
    assert is_global_unicast(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "169.254.169.254",
        "fe80::1",
        "fd00::1%eth0",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
    ],
)
def test_this_machine_its_link_and_groups_are_not(text: str) -> None:
    assert not is_global_unicast(text)


async def test_a_host_is_reached_if_all_its_addresses_are() -> None:
    await check_host("10.0.0.1")
    await check_host("localhost", lambda _: True)
    with pytest.raises(BadRequest, match="address not allowed"):
        await check_host("localhost")
    with pytest.raises(BadRequest, match=r"lookup name\.invalid: no such host"):
        await check_host("name.invalid")

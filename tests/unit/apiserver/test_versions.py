"""resourceVersion parameters and continue tokens, which clients send back as they got them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.errors import BadRequest, Timeout
from steersman.apiserver.versions import WAIT_S, check_reached, decode_continue, encode_continue, parse_version
from steersman.store.catalog import load_driver
from steersman.store.watchcache import WatchCache


@given(version=st.integers(1, 2**63), start=st.text(st.characters(codec="utf-8", exclude_characters="./"), min_size=1))
def test_a_token_means_what_it_was_made_of(version: int, start: str) -> None:
    assert decode_continue(encode_continue(version, start)) == (version, start)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("!", "illegal base64 data at input byte 0"),
        ("abcde", "illegal base64 data"),
        (
            base64.urlsafe_b64encode(b'{"v":"old","rv":1,"start":"a"}').decode(),
            'does not recognize this encoded version "old"',
        ),
        (
            base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","start":"a"}').decode(),
            "incorrect encoded start resourceVersion",
        ),
        (base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1}').decode(), "encoded start key empty"),
        (
            base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1,"start":"a/../b"}').decode(),
            "invalid encoded continue token",
        ),
        (base64.urlsafe_b64encode(b"[]").decode(), "continue key is not valid"),
    ],
)
def test_a_token_that_we_did_not_make_is_refused(token: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        decode_continue(token)


def test_a_version_is_an_unsigned_number_of_64_bits() -> None:
    assert parse_version("18446744073709551615", BadRequest) == 2**64 - 1
    for text, why in (
        ("x", "invalid syntax"),
        ("-1", "invalid syntax"),
        ("18446744073709551616", "value out of range"),
        ("٣", "invalid"),
    ):
        with pytest.raises(BadRequest, match=why):
            parse_version(text, BadRequest)


@pytest.mark.virtual_time
async def test_a_version_that_is_not_reached_in_time_is_too_large() -> None:
    import asyncio

    from steersman.testing.virtual_time import VirtualClock

    store = load_driver("memory")(clock=VirtualClock(asyncio.get_running_loop()))
    await store.start()
    cache = WatchCache(store=store)
    await cache.start(lambda error: None)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(Timeout, match="Too large resource version: 1000, current: "):
        await check_reached(cache, 1000)
    assert asyncio.get_running_loop().time() - begun == pytest.approx(WAIT_S)
    await check_reached(cache, cache.revision)
    cache.stop()
    await store.stop()

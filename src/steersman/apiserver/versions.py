"""resourceVersion parameters and continue tokens."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING

import orjson

from steersman.api.errors import ApiError, BadRequest, Timeout

if TYPE_CHECKING:
    from steersman.store.watchcache import WatchCache

WAIT_S = 3.0
"""How long a read waits for a version that the cache has not reached (upstream: blockTimeout)."""


def parse_version(text: str, error: type[ApiError], prefix: str = "") -> int:
    """An unsigned 64 bit number. `error` is what the verb answers otherwise, its text beginning with `prefix`."""
    try:
        if not text.isdecimal() or not text.isascii():
            raise ValueError
        number = int(text)
    except ValueError:
        raise error(
            f'{prefix}resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        ) from None
    if number >= 2**64:
        raise error(
            f'{prefix}resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": value out of range'
        )
    return number


async def check_reached(cache: WatchCache, version: int) -> None:
    """Wait until the cache has reached `version`. Raises Timeout in upstream's words, which clients match on."""
    if version <= cache.revision:
        return
    try:
        async with asyncio.timeout(WAIT_S):
            await cache.wait_for(version)
    except TimeoutError:
        raise Timeout(
            f"Timeout: Too large resource version: {version}, current: {cache.revision}",
            details={
                "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
                "retryAfterSeconds": 1,
            },
            headers=(("Retry-After", "1"),),
        ) from None


def encode_continue(version: int, start: str) -> str:
    """A token that goes on at `start` (a key below the collection's prefix) of the snapshot of `version` (-1: now)."""
    token = orjson.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def decode_continue(token: str) -> tuple[int, str]:
    """(version, start). Raises BadRequest."""
    try:
        fields = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, start, form = fields.get("rv", 0), fields.get("start", ""), fields.get("v", "")
        if not isinstance(version, int) or not isinstance(start, str):
            raise TypeError
    except (binascii.Error, ValueError, AttributeError, TypeError):
        raise BadRequest(f"continue key is not valid: {_why(token)}") from None
    if form != "meta.k8s.io/v1":
        raise BadRequest(f'continue key is not valid: server does not recognize this encoded version "{form}"')
    if version == 0:
        raise BadRequest("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
    if not start:
        raise BadRequest("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")
    if ".." in start.split("/"):
        raise BadRequest("continue key is not valid: invalid encoded continue token")
    return version, start


def _why(token: str) -> str:
    for position, char in enumerate(token):
        if not (char.isascii() and (char.isalnum() or char in "-_")):
            return f"illegal base64 data at input byte {position}"
    if len(token) % 4 == 1:
        return f"illegal base64 data at input byte {len(token) - 1}"
    return "invalid character in encoded token"

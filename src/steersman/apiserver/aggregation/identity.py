"""Who asks, as an extension server is told: the headers of the front proxy, written.

The other side of `authn/request_header.py`, which reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.apiserver.authn.user import PRIVILEGED_GROUP, User

if TYPE_CHECKING:
    from steersman.lib.http.message import HeaderPairs

USER_HEADER: Final = "X-Remote-User"
UID_HEADER: Final = "X-Remote-Uid"
GROUP_HEADER: Final = "X-Remote-Group"
EXTRA_PREFIX: Final = "X-Remote-Extra-"
CHECKER: Final = User("system:kube-aggregator", groups=(PRIVILEGED_GROUP,))
"""Asks whether a server answers, and what it serves."""
DISCOVERER: Final = User("system:kube-aggregator")
"""Asks for documents in the old form."""
OPENAPI_READER: Final = User("system:aggregator")
"""Asks for documents of OpenAPI."""
_TOKEN: Final = frozenset("!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def identity_headers(user: User) -> HeaderPairs:
    """The user in headers."""
    pairs = [(USER_HEADER, user.name)]
    if user.uid:
        pairs.append((UID_HEADER, user.uid))
    pairs += [(GROUP_HEADER, group) for group in user.groups]
    pairs += [(EXTRA_PREFIX + _escaped(key), value) for key, values in user.extra for value in values]
    return tuple(pairs)


def _escaped(key: str) -> str:
    """What may not stand in a header's name is percent-encoded, and so is the percent sign."""
    return "".join(char if char in _TOKEN else "".join(f"%{byte:02X}" for byte in char.encode()) for char in key)

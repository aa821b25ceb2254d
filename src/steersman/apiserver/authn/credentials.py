"""What the units of this package have in common: the outcome of a proof, and the two kinds of proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from steersman.apiserver.authn.user import User
    from steersman.lib.http.message import Headers


class Rejected(Exception):
    """A credential was presented and does not hold. The message is shown in TokenReviews, so it holds no secret."""


@dataclass(frozen=True, slots=True)
class Identified:
    """A proof that holds: for `user`, at `audiences`, and until `expires` (None: until the configuration changes)."""

    user: User
    audiences: tuple[str, ...] = ()
    expires: datetime | None = None
    still_holds: Callable[[datetime], None] | None = None
    """Checks whatever may have changed since (bound objects); raises Rejected. None: nothing can."""


class RequestProof(Protocol):
    """Looks at a whole request."""

    def authenticate(self, headers: Headers, certificate: bytes | None, now: datetime) -> Identified | None:
        """None when this unit's kind of credential is not there. Raises Rejected."""


class TokenProof(Protocol):
    """Looks at a bearer token."""

    def authenticate_token(self, token: str, audiences: tuple[str, ...], now: datetime) -> Identified | None:
        """None when the token is not of this unit's kind. The answer names those of `audiences` that it is good for.

        Raises Rejected.
        """


def aggregate(messages: Iterable[str]) -> str:
    """Several messages as one, the way upstream joins errors: equal ones once, more than one in brackets."""
    unique = list(dict.fromkeys(messages))
    return unique[0] if len(unique) == 1 else "[" + ", ".join(unique) + "]"


def intersect(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in left if item in right)

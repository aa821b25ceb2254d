"""Requests without any credential: user system:anonymous, group system:unauthenticated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.authn.credentials import Identified
from steersman.apiserver.authn.user import ALL_UNAUTHENTICATED, ANONYMOUS, User

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.lib.http.message import Headers


class Anonymous:
    """Always finds somebody, so it stands last and only where every other unit found nothing."""

    def __init__(self) -> None:
        self._identified = Identified(User(name=ANONYMOUS, groups=(ALL_UNAUTHENTICATED,)))

    def authenticate(self, headers: Headers, certificate: bytes | None, now: datetime) -> Identified | None:  # noqa: ARG002
        return self._identified

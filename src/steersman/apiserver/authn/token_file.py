"""Static tokens of a CSV file: `token,user name,user uid[,"group1,group2"]`, one a line.

Upstream differences: a duplicate token is an error here (there: a warning, and the last one wins), and so is an empty
one.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from steersman.apiserver.authn.credentials import Identified, intersect
from steersman.apiserver.authn.user import User

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path


class TokenFileError(ValueError):
    """The file cannot be used; the message names file and line, and what would be right."""


class TokenFile:
    """Tokens that never expire. `audiences`: those of the API server, for any of which the tokens are good."""

    def __init__(self, *, users: Mapping[str, User], audiences: tuple[str, ...]) -> None:
        self._users = dict(users)
        self._audiences = audiences

    def authenticate_token(self, token: str, audiences: tuple[str, ...], now: datetime) -> Identified | None:  # noqa: ARG002
        user = self._users.get(token)
        if user is None:
            return None
        good_for = intersect(self._audiences, audiences)
        return Identified(user, good_for) if good_for else None


def read_token_file(path: Path) -> dict[str, User]:
    """Token -> user. Raises TokenFileError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TokenFileError(f"token file {path}: cannot be read: {error}") from error
    return parse_token_file(text, name=str(path))


def parse_token_file(text: str, *, name: str = "token file") -> dict[str, User]:
    """Raises TokenFileError with `name` and the line number."""
    users: dict[str, User] = {}
    reader = csv.reader(io.StringIO(text), skipinitialspace=False, strict=True)
    try:
        for record in reader:
            if not record:
                continue
            where = f"{name}, line {reader.line_num}"
            if len(record) < 3:
                raise TokenFileError(
                    f'{where}: {len(record)} columns; needed are token,user,uid and optionally "group1,group2"'
                )
            token, user, uid = record[:3]
            if not token:
                raise TokenFileError(f"{where}: the token is empty")
            if not user:
                raise TokenFileError(f"{where}: the user name is empty")
            if token in users:
                raise TokenFileError(f"{where}: the same token as on an earlier line; a token stands for one user")
            groups = tuple(record[3].split(",")) if len(record) > 3 and record[3] else ()
            users[token] = User(name=user, uid=uid, groups=groups)
    except csv.Error as error:
        raise TokenFileError(f"{name}, line {reader.line_num}: not CSV: {error}") from error
    return users

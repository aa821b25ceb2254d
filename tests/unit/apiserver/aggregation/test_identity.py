"""Who asks, in headers, so that the other side reads the same."""

from __future__ import annotations

from steersman.apiserver.aggregation.identity import identity_headers
from steersman.apiserver.authn.request_header import extra_from
from steersman.apiserver.authn.user import User
from steersman.lib.http.message import Headers


def test_everything_about_a_user_is_told() -> None:
    user = User("jane", uid="u-1", groups=("a", "b"), extra=(("scopes", ("x", "y")),))
    assert identity_headers(user) == (
        ("X-Remote-User", "jane"),
        ("X-Remote-Uid", "u-1"),
        ("X-Remote-Group", "a"),
        ("X-Remote-Group", "b"),
        ("X-Remote-Extra-scopes", "x"),
        ("X-Remote-Extra-scopes", "y"),
    )


def test_what_is_empty_is_not_told() -> None:
    assert identity_headers(User("jane")) == (("X-Remote-User", "jane"),)


def test_keys_are_escaped_so_that_they_are_read_back() -> None:
    keys = ("authentication.kubernetes.io/pod-name", "100%", "schön", "a b")
    headers = Headers()
    for name, value in identity_headers(User("jane", extra=tuple((key, ("v",)) for key in keys))):
        assert name.isascii()
        headers.add(name.lower(), value)
    assert {key for key, _ in extra_from(headers, "x-remote-extra-")} == set(keys)

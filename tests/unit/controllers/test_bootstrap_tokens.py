"""What secrets say of bootstrap tokens."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from steersman.controllers.bootstrap_tokens import Token, expires_in_s, field, is_bootstrap_token, signing_token

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WHOLE = {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true"}


def secret(name="bootstrap-token-abcdef", **data):
    encoded = {key: b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"namespace": "kube-system", "name": name}
    return {"metadata": metadata, "type": "bootstrap.kubernetes.io/token", "data": encoded}


def test_tokens_lie_in_kube_system():
    assert is_bootstrap_token(secret())
    assert not is_bootstrap_token(secret() | {"type": "Opaque"})
    assert not is_bootstrap_token(secret() | {"metadata": {"namespace": "default"}})


@pytest.mark.parametrize(
    ("expiration", "remaining_s"),
    [
        ("", None),
        ("2026-01-01T01:00:00Z", 3600),
        ("2026-01-01T01:00:00+01:00", 0),
        ("2020-01-01T00:00:00Z", 0),
        ("x", 0),
    ],
)
def test_when_a_token_ends(expiration, remaining_s):
    assert expires_in_s(secret(expiration=expiration), now=NOW) == remaining_s


def test_which_tokens_sign():
    assert signing_token(secret(**WHOLE), now=NOW) == Token("abcdef", "0123456789abcdef")
    assert field(secret(**WHOLE), "token-id") == "abcdef"
    assert signing_token(secret("bootstrap-token-fedcba", **WHOLE), now=NOW) is None
    assert signing_token(secret("other-abcdef", **WHOLE), now=NOW) is None
    assert signing_token(secret(**WHOLE, expiration="2020-01-01T00:00:00Z"), now=NOW) is None
    for name in WHOLE:
        assert signing_token(secret(**(WHOLE | {name: ""})), now=NOW) is None

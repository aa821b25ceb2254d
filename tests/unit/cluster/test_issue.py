from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority, public_key_of
from steersman.lib.certificate import CLIENT_AUTH, SERVER_AUTH, parse_certificate, parse_pem

NOW = datetime(2026, 11, 25, tzinfo=UTC)
END = NOW + timedelta(days=1)


def parsed(pem):
    return parse_certificate(parse_pem(pem.decode())[0])


def test_an_authority_signs_itself_and_leaves():
    pem, key = issue_authority("ca", not_before=NOW, not_after=END)
    ca = parsed(pem)
    assert ca.is_ca
    assert ca.signed_by(ca)
    leaf_pem, leaf_key = issue_leaf(load_authority(pem, key), common_name="x", not_before=NOW, not_after=END)
    leaf = parsed(leaf_pem)
    assert leaf.signed_by(ca)
    assert not leaf.is_ca
    assert (leaf.not_before, leaf.not_after) == (NOW, END)
    assert b"PUBLIC KEY" in public_key_of(leaf_key)


def test_leaves_serve_or_ask_never_both():
    authority = load_authority(*issue_authority("ca", not_before=NOW, not_after=END))
    common = {"common_name": "x", "not_before": NOW, "not_after": END}
    client = parsed(issue_leaf(authority, organizations=("a", "b"), **common)[0])
    server = parsed(issue_leaf(authority, server_names=("a.b", "10.0.0.1", "::1"), **common)[0])
    assert (client.allows(CLIENT_AUTH), client.allows(SERVER_AUTH)) == (True, False)
    assert (server.allows(CLIENT_AUTH), server.allows(SERVER_AUTH)) == (False, True)
    assert client.organizations == ("a", "b")
    assert server.names == ("a.b", "10.0.0.1", "::1")


def test_serial_numbers_differ():
    authority = load_authority(*issue_authority("ca", not_before=NOW, not_after=END))
    common = {"common_name": "x", "not_before": NOW, "not_after": END}
    assert len({parsed(issue_leaf(authority, **common)[0]).serial for _ in range(5)}) == 5


def test_keys_that_are_none_are_value_errors():
    pem, _ = issue_authority("ca", not_before=NOW, not_after=END)
    with pytest.raises(ValueError, match=r"."):
        load_authority(pem, b"nonsense")
    with pytest.raises(ValueError, match=r"."):
        public_key_of(b"nonsense")

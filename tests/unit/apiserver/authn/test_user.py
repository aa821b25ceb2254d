from __future__ import annotations

import pytest

from steersman.apiserver.authn.user import User, split_node, split_service_account, with_authenticated_group


def test_users_are_equal_and_hash_by_all_they_say():
    one = User("a", "1", ("g",), (("k", ("v",)),))
    assert one == User("a", "1", ("g",), (("k", ("v",)),))
    assert hash(one) == hash(User("a", "1", ("g",), (("k", ("v",)),)))
    assert len({one, User("a"), User("a", "1"), User("a", "1", ("g",))}) == 4


def test_empty_facts_are_left_out_of_what_clients_see():
    assert User("a").info() == {"username": "a"}
    assert User("a", "1", ("g",), (("k", ("v",)),)).info() == {
        "username": "a",
        "uid": "1",
        "groups": ["g"],
        "extra": {"k": ["v"]},
    }


@pytest.mark.parametrize(
    ("groups", "joined"),
    [
        ((), ("system:authenticated",)),
        (("system:authenticated", "a"), ("system:authenticated", "a")),
        (("system:unauthenticated",), ("system:unauthenticated",)),
    ],
)
def test_the_group_of_all_authenticated_users_is_joined_once(groups, joined):
    assert with_authenticated_group(User("a", groups=groups)).groups == joined
    assert with_authenticated_group(User("system:anonymous")).groups == ()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("system:serviceaccount:ns:sa", ("ns", "sa")),
        ("system:serviceaccount:ns:a.b", ("ns", "a.b")),
        ("system:serviceaccount:ns", None),
        ("system:serviceaccount:ns:a:b", None),
        ("system:serviceaccount:n.s:a", None),
        ("system:serviceaccount:ns:", None),
        ("system:serviceaccount:ns:A", None),
        ("system:serviceaccounts", None),
        ("alice", None),
    ],
)
def test_names_of_service_accounts(name, parts):
    assert split_service_account(name) == parts


@pytest.mark.parametrize(
    ("name", "node"),
    [("system:node:n1.example", "n1.example"), ("system:node:", None), ("system:node:A", None), ("system:nodes", None)],
)
def test_names_of_nodes(name, node):
    assert split_node(name) == node

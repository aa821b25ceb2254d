from __future__ import annotations

import pytest

from steersman.api.errors import BadRequest, Forbidden
from steersman.apiserver.authn.impersonation import Impersonation, wanted_user
from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.attributes import ALLOWED, NO_OPINION, Attributes

from .identities import headers


class Allowing:
    """Allows what is listed, as `VERB GROUP/RESOURCE[/SUBRESOURCE] NAME`, and notes what it was asked."""

    def __init__(self, *allowed):
        self.allowed = set(allowed)
        self.asked = []

    def authorize(self, attributes):
        resource = f"{attributes.resource}/{attributes.subresource}".rstrip("/")
        name = f"{attributes.namespace}/{attributes.name}" if attributes.namespace else attributes.name
        asked = f"{attributes.verb} {attributes.group}/{resource} {name}".strip()
        self.asked.append(asked)
        return ALLOWED if asked in self.allowed else NO_OPINION


ALICE = User("alice", groups=("devs", "system:authenticated"))
LIST_PODS = Attributes(ALICE, "list", resource="pods")


def become(authorizer, *pairs, attributes=LIST_PODS):
    return Impersonation(authorizer=authorizer).resolve(headers(*pairs), attributes)


def test_without_the_headers_one_stays_oneself():
    assert become(Allowing()) is ALICE
    assert become(Allowing(), ("impersonate-user", "")) is ALICE


def test_the_constrained_way_asks_for_the_request_and_for_the_identity():
    authorizer = Allowing(
        "impersonate-on:user-info:list /pods",
        "impersonate:user-info authentication.k8s.io/users bob",
        "impersonate:user-info authentication.k8s.io/groups ops",
    )
    user = become(authorizer, ("impersonate-user", "bob"), ("impersonate-group", "ops"))
    assert user == User("bob", groups=("ops", "system:authenticated"))


def test_the_request_alone_is_not_enough():
    authorizer = Allowing("impersonate-on:user-info:list /pods")
    with pytest.raises(Forbidden, match='cannot impersonate:user-info resource "users" in API group "authentication'):
        become(authorizer, ("impersonate-user", "bob"))


def test_the_constrained_way_never_gives_system_masters():
    authorizer = Allowing(
        "impersonate-on:user-info:list /pods",
        "impersonate:user-info authentication.k8s.io/users bob",
        "impersonate:user-info authentication.k8s.io/groups system:masters",
    )
    with pytest.raises(Forbidden, match="impersonating the system:masters group is not allowed"):
        become(authorizer, ("impersonate-user", "bob"), ("impersonate-group", "system:masters"))


def test_many_groups_are_asked_for_at_once_first():
    authorizer = Allowing(
        "impersonate-on:user-info:list /pods",
        "impersonate:user-info authentication.k8s.io/users bob",
        "impersonate:user-info authentication.k8s.io/groups *",
    )
    groups = tuple(("impersonate-group", name) for name in "abcd")
    assert become(authorizer, ("impersonate-user", "bob"), *groups).groups == (
        "a",
        "b",
        "c",
        "d",
        "system:authenticated",
    )
    assert len(authorizer.asked) == 3


def test_an_agent_may_be_the_node_it_runs_on():
    agent = User(
        "system:serviceaccount:ns:agent",
        extra=(("authentication.kubernetes.io/node-name", ("n1",)), ("x", ("y",))),
    )
    authorizer = Allowing(
        "impersonate-on:associated-node:list /pods", "impersonate:associated-node authentication.k8s.io/nodes *"
    )
    attributes = LIST_PODS._replace(user=agent)
    user = become(authorizer, ("impersonate-user", "system:node:n1"), attributes=attributes)
    assert user == User("system:node:n1", groups=("system:nodes", "system:authenticated"))
    with pytest.raises(Forbidden, match="impersonate-on:arbitrary-node:list"):
        become(authorizer, ("impersonate-user", "system:node:n2"), attributes=attributes)


def test_the_original_way_asks_for_every_part():
    authorizer = Allowing(
        "impersonate /users bob",
        "impersonate /groups ops",
        "impersonate authentication.k8s.io/uids 7",
        "impersonate authentication.k8s.io/userextras/scopes a",
    )
    pairs = (
        ("impersonate-user", "bob"),
        ("impersonate-group", "ops"),
        ("impersonate-uid", "7"),
        ("impersonate-extra-scopes", "a"),
    )
    assert become(authorizer, *pairs) == User("bob", "7", ("ops", "system:authenticated"), (("scopes", ("a",)),))
    for part in sorted(authorizer.allowed):
        with pytest.raises(Forbidden):
            become(Allowing(*(authorizer.allowed - {part})), *pairs)


def test_service_accounts_have_their_own_groups():
    authorizer = Allowing("impersonate /serviceaccounts ns/sa")
    user = become(authorizer, ("impersonate-user", "system:serviceaccount:ns:sa"))
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated")


def test_anonymous_stays_unauthenticated():
    authorizer = Allowing("impersonate /users system:anonymous")
    user = become(authorizer, ("impersonate-user", "system:anonymous"))
    assert user.groups == ("system:unauthenticated",)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("plain", 'must be a domain-prefixed path (such as "acme.io/foo")'),
        ("bad_host%2fx", "a lowercase RFC 1123 subdomain"),
        ("a.b%2fx y", "Invalid path"),
    ],
)
def test_keys_of_extras_are_checked_in_the_constrained_way(key, message):
    authorizer = Allowing(
        "impersonate-on:user-info:list /pods", "impersonate:user-info authentication.k8s.io/users bob"
    )
    with pytest.raises(Forbidden) as caught:
        become(authorizer, ("impersonate-user", "bob"), (f"impersonate-extra-{key}", "v"))
    assert "impersonating an invalid key in extra is not allowed" in caught.value.message
    assert message in caught.value.message


def test_parts_without_a_user_name_are_a_bad_request():
    with pytest.raises(BadRequest) as caught:
        wanted_user(headers(("impersonate-uid", "5")))
    assert caught.value.message == (
        'requested &user.DefaultInfo{Name:"", UID:"5", Groups:[]string(nil), Extra:map[string][]string(nil)} '
        "without impersonating a user name"
    )


def test_the_way_that_worked_last_is_asked_first():
    authorizer = Allowing("impersonate /users bob")
    impersonation = Impersonation(authorizer=authorizer)
    impersonation.resolve(headers(("impersonate-user", "bob")), LIST_PODS)
    authorizer.asked.clear()
    impersonation.resolve(headers(("impersonate-user", "bob")), LIST_PODS)
    assert authorizer.asked == ["impersonate /users bob"]

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from steersman.api.errors import Unauthorized
from steersman.apiserver.authn.authenticator import bearer_token, websocket_token
from steersman.apiserver.authn.credentials import Rejected
from steersman.apiserver.authn.service_account_issuer import Reference
from steersman.apiserver.authn.user import User

from .identities import AUDIENCES, ISSUER, NOW, Authority, Objects, bearer, chain, claims, headers, issuer


def test_static_tokens_and_the_group_of_everybody_known():
    assert chain().authenticate(bearer("t"), None, NOW) == User("alice", groups=("devs", "system:authenticated"))


def test_no_credentials_is_anonymous_unless_that_is_switched_off():
    user = chain().authenticate(headers(), None, NOW)
    assert user == User("system:anonymous", groups=("system:unauthenticated",))
    with pytest.raises(Unauthorized):
        chain(anonymous=False).authenticate(headers(), None, NOW)


@pytest.mark.parametrize("value", ["Basic abc", "Bearer", "Bearer ", "nonsense"])
def test_what_is_no_bearer_token_is_no_credential(value):
    assert chain().authenticate(headers(("authorization", value)), None, NOW).name == "system:anonymous"


def test_a_wrong_token_is_never_anonymous():
    with pytest.raises(Unauthorized) as caught:
        chain().authenticate(bearer("wrong"), None, NOW)
    assert caught.value.status()["message"] == "Unauthorized"


def test_the_scheme_is_read_in_any_case():
    assert bearer_token("bEARER  x") == ""
    assert bearer_token(" bearer x y ") == "x"


def test_a_remembered_token_ends_with_its_time_its_account_and_its_pod():
    objects = Objects(pods_p="u")
    who = chain(objects=objects)
    token = bearer(issuer().issue(claims(pod=Reference("p", "u")), NOW))
    first = who.authenticate(token, None, NOW)
    assert who.authenticate(token, None, NOW + timedelta(seconds=3660)) is first
    with pytest.raises(Unauthorized):
        who.authenticate(token, None, NOW + timedelta(seconds=3661))
    assert who.authenticate(token, None, NOW) == first
    del objects.identities["pods", "ns", "p"]
    with pytest.raises(Unauthorized):
        who.authenticate(token, None, NOW)


def test_reviews_say_what_is_wrong_and_for_which_audiences_a_token_is_good():
    who = chain()
    token = issuer().issue(claims(audiences=("vault", ISSUER)), NOW)
    assert who.review(token, (), NOW).audiences == AUDIENCES
    assert who.review(token, ("vault", "x"), NOW).audiences == ("vault",)
    assert who.review("t", (), NOW).user.groups == ("devs", "system:authenticated")
    for wrong in ("nonsense", " t"):
        with pytest.raises(Rejected, match=r"^invalid bearer token$"):
            who.review(wrong, (), NOW)
    with pytest.raises(Rejected) as caught:
        who.review(token, ("x",), NOW)
    assert str(caught.value) == (
        f'[invalid bearer token, token audiences ["vault" "{ISSUER}"] is invalid for the target audiences ["x"]]'
    )


def test_a_certificate_counts_before_a_token_and_a_token_where_the_certificate_does_not_hold():
    ca, other = Authority(), Authority("other")
    who = chain(client_ca_pem=ca.pem.decode())
    assert who.authenticate(bearer("t"), ca.client("bob"), NOW).name == "bob"
    assert who.authenticate(bearer("t"), other.client("bob"), NOW).name == "alice"


def test_websockets_bring_their_token_as_a_subprotocol():
    encoded = base64.urlsafe_b64encode(b"t").rstrip(b"=").decode()
    protocol = f"v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.{encoded}"
    request = headers(("upgrade", "WebSocket"), ("sec-websocket-protocol", protocol))
    assert chain().authenticate(request, None, NOW).name == "alice"
    assert websocket_token([protocol]) == ("t", ["v4.channel.k8s.io"])
    assert chain().authenticate(headers(("sec-websocket-protocol", protocol)), None, NOW).name == "system:anonymous"


@pytest.mark.parametrize(
    "protocols",
    [
        ["base64url.bearer.authorization.k8s.io.dA"],
        ["x", "base64url.bearer.authorization.k8s.io.dA, base64url.bearer.authorization.k8s.io.dA"],
        ["x", "base64url.bearer.authorization.k8s.io.!!"],
        ["x", "base64url.bearer.authorization.k8s.io._w"],
        ["x", "base64url.bearer.authorization.k8s.io.d3Jvbmc"],
    ],
)
def test_wrong_websocket_tokens_are_refused(protocols):
    request = headers(("upgrade", "websocket"), *(("sec-websocket-protocol", value) for value in protocols))
    with pytest.raises(Unauthorized):
        chain().authenticate(request, None, NOW)


def test_what_is_remembered_is_bounded():
    users = {f"t{number}": User("u") for number in range(9000)}
    who = chain(token_users=users)
    for token in users:
        who.authenticate(bearer(token), None, NOW)
    assert len(who._held) <= 8192

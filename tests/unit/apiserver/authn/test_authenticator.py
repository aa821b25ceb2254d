from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from steersman.api.errors import Unauthorized
from steersman.apiserver.authn.authenticator import bearer_token, websocket_token
from steersman.apiserver.authn.catalog import authenticator
from steersman.apiserver.authn.credentials import Rejected
from steersman.apiserver.authn.service_account_issuer import Reference
from steersman.apiserver.authn.user import User
from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.certificate import parse_pem

from .identities import AUDIENCES, ISSUER, NOW, Objects, bearer, claims, headers, issuer


def chain(**changes):
    settings = {
        "audiences": AUDIENCES,
        "issuers": (ISSUER,),
        "keys": issuer().keys,
        "objects": Objects(),
        "token_users": {"t": User("alice", groups=("devs",))},
    }
    return authenticator(**{**settings, **changes})


class Authority:
    """A CA and the certificates it issues."""

    def __init__(self, name="ca"):
        self.pem, key = issue_authority(name, not_before=NOW, not_after=NOW + timedelta(days=9))
        self._authority = load_authority(self.pem, key)

    def client(self, common_name, *organizations, server_names=()):
        pem, _ = issue_leaf(
            self._authority,
            common_name=common_name,
            organizations=organizations,
            server_names=server_names,
            not_before=NOW,
            not_after=NOW + timedelta(days=1),
        )
        return parse_pem(pem.decode())[0]


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


def test_client_certificates_name_user_and_groups():
    ca = Authority()
    who = chain(client_ca_pem=ca.pem.decode())
    user = who.authenticate(headers(), ca.client("bob", "devs", "ops"), NOW)
    assert (user.name, user.groups) == ("bob", ("devs", "ops", "system:authenticated"))
    assert user.extra[0][1][0].startswith("X509SHA256=")


def test_a_certificate_counts_before_a_token_and_a_token_where_the_certificate_does_not_hold():
    ca, other = Authority(), Authority("other")
    who = chain(client_ca_pem=ca.pem.decode())
    assert who.authenticate(bearer("t"), ca.client("bob"), NOW).name == "bob"
    assert who.authenticate(bearer("t"), other.client("bob"), NOW).name == "alice"


@pytest.mark.parametrize(
    "what", ["another ca", "the same name of another ca", "a server's", "expired", "early", "damaged"]
)
def test_certificates_that_do_not_hold_are_never_anonymous(what):
    ca = Authority()
    who = chain(client_ca_pem=ca.pem.decode())
    certificate, now = ca.client("bob"), NOW
    match what:
        case "another ca":
            certificate = Authority("other").client("bob")
        case "the same name of another ca":
            certificate = Authority().client("bob")
        case "a server's":
            certificate = ca.client("bob", server_names=("bob",))
        case "expired":
            now += timedelta(days=2)
        case "early":
            now -= timedelta(days=2)
        case "damaged":
            certificate = certificate[:-1]
    with pytest.raises(Unauthorized):
        who.authenticate(headers(), certificate, now)


def test_a_remembered_certificate_ends_with_its_time():
    ca = Authority()
    who = chain(client_ca_pem=ca.pem.decode())
    certificate = ca.client("bob")
    assert who.authenticate(headers(), certificate, NOW).name == "bob"
    with pytest.raises(Unauthorized):
        who.authenticate(headers(), certificate, NOW + timedelta(days=2))


REMOTE = (
    ("x-remote-user", "carol"),
    ("x-remote-uid", "7"),
    ("x-remote-group", "devs"),
    ("x-remote-group", "ops"),
    ("x-remote-extra-acme.com%2fproject", "p1"),
)


def test_the_front_proxy_speaks_for_others():
    users, proxies = Authority(), Authority("proxies")
    who = chain(client_ca_pem=users.pem.decode(), front_proxy_ca_pem=proxies.pem.decode())
    user = who.authenticate(headers(*REMOTE), proxies.client("front-proxy-client"), NOW)
    assert user == User("carol", "7", ("devs", "ops", "system:authenticated"), (("acme.com/project", ("p1",)),))


def test_nobody_else_speaks_for_others():
    users, proxies = Authority(), Authority("proxies")
    who = chain(client_ca_pem=users.pem.decode(), front_proxy_ca_pem=proxies.pem.decode())
    assert who.authenticate(headers(*REMOTE), users.client("front-proxy-client"), NOW).name == "front-proxy-client"
    assert who.authenticate(headers(*REMOTE), None, NOW).name == "system:anonymous"
    with pytest.raises(Unauthorized):
        who.authenticate(headers(*REMOTE), proxies.client("somebody"), NOW)


def test_the_front_proxys_ca_does_not_make_users():
    users, proxies = Authority(), Authority("proxies")
    who = chain(client_ca_pem=users.pem.decode(), front_proxy_ca_pem=proxies.pem.decode())
    with pytest.raises(Unauthorized):
        who.authenticate(headers(), proxies.client("front-proxy-client", "system:masters"), NOW)


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

from __future__ import annotations

import pytest

from steersman.api.errors import Unauthorized
from steersman.apiserver.authn.request_header import extra_from
from steersman.apiserver.authn.user import User

from .identities import NOW, Authority, chain, headers

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


@pytest.mark.parametrize(("encoded", "key"), [("a%2fb", "a/b"), ("a%zzb", "a%zzb"), ("a%2", "a%2"), ("a", "a")])
def test_keys_of_extras_are_percent_encoded(encoded, key):
    found = extra_from(headers((f"x-{encoded}", "1"), (f"x-{encoded}", "2"), ("y", "3")), "x-")
    assert found == ((key, ("1", "2")),)

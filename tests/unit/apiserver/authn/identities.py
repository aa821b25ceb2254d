"""What the tests of this folder share: headers, objects that tokens are bound to, an issuer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from steersman.apiserver.authn.catalog import authenticator
from steersman.apiserver.authn.jwt import load_signing_key
from steersman.apiserver.authn.service_account import ObjectIdentity
from steersman.apiserver.authn.service_account_issuer import Reference, TokenClaims, TokenIssuer
from steersman.apiserver.authn.user import User
from steersman.cluster.issue import issue_authority, issue_leaf, issue_signing_key, load_authority
from steersman.lib.certificate import parse_pem
from steersman.lib.http.message import Headers

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ISSUER = "https://kubernetes.default.svc"
AUDIENCES = (ISSUER,)


def headers(*pairs):
    made = Headers()
    for name, value in pairs:
        made.add(name, value)
    return made


def bearer(token):
    return headers(("authorization", f"Bearer {token}"))


@cache
def signing_key():
    return load_signing_key(issue_signing_key())


def issuer(**changes):
    numbers = iter(range(1, 1000))
    settings = {"key": signing_key(), "issuer": ISSUER, "new_id": lambda: f"id-{next(numbers)}"}
    return TokenIssuer(**{**settings, **changes})


def claims(**changes):
    settings = {
        "namespace": "ns",
        "service_account": Reference("sa", "sa-uid"),
        "audiences": AUDIENCES,
        "expiration_s": 3600,
    }
    return TokenClaims(**{**settings, **changes})


class Objects:
    """The objects that exist: (plural, namespace, name) -> identity."""

    def __init__(self, **further):
        self.identities = {("serviceaccounts", "ns", "sa"): ObjectIdentity("sa-uid")}
        self.secrets = {}
        for key, uid in further.items():
            resource, name = key.split("_")
            self.identities[resource, "" if resource == "nodes" else "ns", name] = ObjectIdentity(uid)

    def identity(self, resource, namespace, name):
        return self.identities.get((resource, namespace, name))

    def secret(self, namespace, name):
        return self.secrets.get((namespace, name))


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

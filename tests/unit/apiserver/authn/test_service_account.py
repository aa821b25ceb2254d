from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from steersman.apiserver.authn.credentials import Rejected
from steersman.apiserver.authn.service_account import LegacyServiceAccountToken, ObjectIdentity, ServiceAccountToken
from steersman.apiserver.authn.service_account_issuer import Reference

from .identities import AUDIENCES, ISSUER, NOW, Objects, claims, issuer, signing_key


def proof(objects=None):
    return ServiceAccountToken(issuers=(ISSUER,), keys=issuer().keys, objects=objects or Objects(), audiences=AUDIENCES)


def test_the_user_is_the_service_account():
    found = proof().authenticate_token(issuer().issue(claims(), NOW), AUDIENCES, NOW)
    assert found.user.name == "system:serviceaccount:ns:sa"
    assert found.user.uid == "sa-uid"
    assert found.user.groups == ("system:serviceaccounts", "system:serviceaccounts:ns")
    assert found.user.extra == (("authentication.kubernetes.io/credential-id", ("JTI=id-1",)),)
    assert found.audiences == AUDIENCES


def test_extras_name_pod_and_node():
    objects = Objects(pods_p="pod-uid")
    token = issuer().issue(claims(pod=Reference("p", "pod-uid"), node=Reference("n", "node-uid")), NOW)
    found = proof(objects).authenticate_token(token, AUDIENCES, NOW)
    assert dict(found.user.extra) == {
        "authentication.kubernetes.io/credential-id": ("JTI=id-1",),
        "authentication.kubernetes.io/node-name": ("n",),
        "authentication.kubernetes.io/node-uid": ("node-uid",),
        "authentication.kubernetes.io/pod-name": ("p",),
        "authentication.kubernetes.io/pod-uid": ("pod-uid",),
    }


def test_another_issuer_is_somebody_elses_business():
    token = issuer(issuer="https://elsewhere").issue(claims(), NOW)
    assert proof().authenticate_token(token, AUDIENCES, NOW) is None
    assert proof().authenticate_token("no.such.token", AUDIENCES, NOW) is None
    assert proof().authenticate_token("opaque", AUDIENCES, NOW) is None


@pytest.mark.parametrize(
    ("changes", "later_s", "message"),
    [
        ({}, 3661, "service account token has expired"),
        ({}, -61, "service account token is not valid yet"),
        (
            {"audiences": ("vault",)},
            0,
            f'token audiences ["vault"] is invalid for the target audiences ["{ISSUER}"]',
        ),
        ({"service_account": Reference("sa", "old")}, 0, "service account UID (sa-uid) does not match claim (old)"),
        ({"service_account": Reference("gone", "u")}, 0, 'serviceaccounts "gone" not found'),
        ({"pod": Reference("gone", "u")}, 0, "service account token has been invalidated"),
        ({"secret": Reference("gone", "u")}, 0, "service account token has been invalidated"),
        ({"node": Reference("gone", "u")}, 0, "service account token has been invalidated"),
        ({"pod": Reference("p", "old")}, 0, "pod UID (new) does not match service account pod ref claim (old)"),
        ({"node": Reference("n", "old")}, 0, "node UID (new) does not match service account node ref claim (old)"),
        (
            {"secret": Reference("s", "old")},
            0,
            "secret UID (new) does not match service account secret ref claim (old)",
        ),
    ],
)
def test_what_makes_a_token_void(changes, later_s, message):
    objects = Objects(pods_p="new", nodes_n="new", secrets_s="new")
    token = issuer().issue(claims(**changes), NOW)
    with pytest.raises(Rejected) as caught:
        proof(objects).authenticate_token(token, AUDIENCES, NOW + timedelta(seconds=later_s))
    assert str(caught.value) == message


def test_a_minute_of_leeway_for_clocks_that_differ():
    token = issuer().issue(claims(), NOW)
    for seconds in (-59, 3659):
        assert proof().authenticate_token(token, AUDIENCES, NOW + timedelta(seconds=seconds))


def test_a_terminating_object_counts_for_a_minute():
    objects = Objects(pods_p="u")
    token = issuer().issue(claims(pod=Reference("p", "u")), NOW)
    objects.identities["pods", "ns", "p"] = ObjectIdentity("u", deleted_at=NOW)
    found = proof(objects).authenticate_token(token, AUDIENCES, NOW + timedelta(seconds=59))
    with pytest.raises(Rejected):
        found.still_holds(NOW + timedelta(seconds=61))


def test_the_node_of_a_pod_bound_token_need_not_exist():
    token = issuer().issue(claims(pod=Reference("p", "u"), node=Reference("gone")), NOW)
    found = proof(Objects(pods_p="u")).authenticate_token(token, AUDIENCES, NOW)
    assert found.user.extra_values("authentication.kubernetes.io/node-name") == ("gone",)
    assert found.user.extra_values("authentication.kubernetes.io/node-uid") == ()


def test_a_changed_token_is_refused():
    token = issuer().issue(claims(), NOW)
    head, payload, signature = token.split(".")
    forged = base64.urlsafe_b64encode(base64.urlsafe_b64decode(payload + "==").replace(b"ns:sa", b"ns:xx")).rstrip(b"=")
    for changed in (f"{head}.{forged.decode()}.{signature}", f"{head}.{payload}.AAAA", f"{head}.{payload}."):
        with pytest.raises(Rejected, match="invalid signature"):
            proof().authenticate_token(changed, AUDIENCES, NOW)


def legacy(**changes):
    prefix = "kubernetes.io/serviceaccount/"
    payload = {
        "iss": "kubernetes/serviceaccount",
        "sub": "system:serviceaccount:ns:sa",
        f"{prefix}namespace": "ns",
        f"{prefix}secret.name": "s",
        f"{prefix}service-account.name": "sa",
        f"{prefix}service-account.uid": "sa-uid",
    }
    return signing_key().sign({**payload, **{k.replace("_", "/"): v for k, v in changes.items()}})


def legacy_objects(token, **metadata):
    objects = Objects()
    objects.secrets["ns", "s"] = {
        "metadata": {"name": "s", "namespace": "ns", **metadata},
        "data": {"token": base64.b64encode(token.encode()).decode()},
    }
    return objects


def test_legacy_tokens_hold_while_their_secret_does():
    token = legacy()
    objects = legacy_objects(token)
    unit = LegacyServiceAccountToken(keys=issuer().keys, objects=objects, audiences=AUDIENCES)
    found = unit.authenticate_token(token, AUDIENCES, NOW)
    assert (found.user.name, found.user.uid, found.user.extra) == ("system:serviceaccount:ns:sa", "sa-uid", ())
    assert found.audiences == AUDIENCES
    objects.secrets.clear()
    with pytest.raises(Rejected, match="Token has been invalidated"):
        found.still_holds(NOW)


@pytest.mark.parametrize(
    ("secret_of", "metadata", "message"),
    [
        ("other", {}, "Token does not match server's copy"),
        ("", {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "Token has been invalidated"),
        ("", {"labels": {"kubernetes.io/legacy-token-invalid-since": "2026-01-01"}}, "has been marked invalid"),
    ],
)
def test_legacy_tokens_of_other_secrets_are_void(secret_of, metadata, message):
    token = legacy()
    objects = legacy_objects(secret_of or token, **metadata)
    unit = LegacyServiceAccountToken(keys=issuer().keys, objects=objects, audiences=AUDIENCES)
    with pytest.raises(Rejected, match=message):
        unit.authenticate_token(token, AUDIENCES, NOW)


def test_legacy_claims_must_agree():
    token = legacy(sub="system:serviceaccount:ns:other")
    unit = LegacyServiceAccountToken(keys=issuer().keys, objects=legacy_objects(token), audiences=AUDIENCES)
    with pytest.raises(Rejected, match="sub claim is invalid"):
        unit.authenticate_token(token, AUDIENCES, NOW)

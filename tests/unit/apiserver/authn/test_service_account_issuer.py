from __future__ import annotations

import json

import pytest

from steersman.apiserver.authn.jwt import SigningKey
from steersman.apiserver.authn.service_account_issuer import (
    Reference,
    token_lifetime,
    validate_token_request,
)

from .identities import AUDIENCES, ISSUER, NOW, claims, issuer, signing_key


def test_claims_are_upstreams():
    assert issuer().payload(
        claims(pod=Reference("p", "pu"), node=Reference("n", "nu"), warn_after_s=3607, expiration_s=100), NOW
    ) == {
        "aud": [ISSUER],
        "exp": int(NOW.timestamp()) + 100,
        "iat": int(NOW.timestamp()),
        "iss": ISSUER,
        "jti": "id-1",
        "kubernetes.io": {
            "namespace": "ns",
            "node": {"name": "n", "uid": "nu"},
            "pod": {"name": "p", "uid": "pu"},
            "serviceaccount": {"name": "sa", "uid": "sa-uid"},
            "warnafter": int(NOW.timestamp()) + 3607,
        },
        "nbf": int(NOW.timestamp()),
        "sub": "system:serviceaccount:ns:sa",
    }


def test_a_token_is_bound_to_one_object_only():
    with pytest.raises(ValueError, match="one object type"):
        issuer().issue(claims(pod=Reference("p", "u"), secret=Reference("s", "u")), NOW)


def test_another_library_reads_the_token_with_the_published_keys():
    from joserfc import jwt
    from joserfc.jwk import KeySet

    made = issuer()
    keys = KeySet.import_key_set(json.loads(made.jwks()))
    token = jwt.decode(made.issue(claims(), NOW), keys, algorithms=["RS256"])
    assert token.header == {"alg": "RS256", "kid": signing_key().public.key_id}
    assert token.claims["sub"] == "system:serviceaccount:ns:sa"
    assert list(token.claims) == sorted(token.claims)


def test_discovery_document_and_keys_have_upstreams_form():
    made = issuer()
    assert (
        made.discovery_document()
        == (
            f'{{"issuer":"{ISSUER}","jwks_uri":"{ISSUER}/openid/v1/jwks","response_types_supported":["id_token"],'
            '"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}'
        ).encode()
    )
    keys = json.loads(made.jwks())["keys"]
    assert [list(key) for key in keys] == [["use", "kty", "kid", "alg", "n", "e"]]
    assert keys[0]["e"] == "AQAB"
    elsewhere = issuer(jwks_uri="https://10.0.0.1:6443/openid/v1/jwks")
    assert json.loads(elsewhere.discovery_document())["jwks_uri"] == "https://10.0.0.1:6443/openid/v1/jwks"


def test_retired_keys_are_published_and_accepted():
    from cryptography.hazmat.primitives.asymmetric import ec

    old = SigningKey(key=ec.generate_private_key(ec.SECP256R1()))
    made = issuer(retired_keys=(old.public, signing_key().public))
    assert [key.key_id for key in made.keys.keys] == [signing_key().public.key_id, old.public.key_id]
    assert made.keys.verify(issuer(key=old).issue(claims(), NOW))
    assert json.loads(made.discovery_document())["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]


def test_tokens_of_projected_volumes_live_on_and_warn():
    common = {"audiences": AUDIENCES, "api_audiences": AUDIENCES}
    assert token_lifetime(3607, bound_to_pod=True, **common) == (365 * 24 * 3600, 3607)
    assert token_lifetime(3607, bound_to_pod=False, **common) == (3607, 0)
    assert token_lifetime(3600, bound_to_pod=True, **common) == (3600, 0)
    assert token_lifetime(3607, bound_to_pod=True, audiences=("vault",), api_audiences=AUDIENCES) == (3607, 0)


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (599, "may not specify a duration less than 10 minutes"),
        (-1, "may not specify a duration less than 10 minutes"),
        (2**32 + 1, "may not specify a duration larger than 2^32 seconds"),
    ],
)
def test_token_requests_have_limits(seconds, message):
    errors = validate_token_request({"spec": {"expirationSeconds": seconds}})
    assert [str(error) for error in errors] == [f"spec.expirationSeconds: Invalid value: {seconds}: {message}"]
    assert validate_token_request({"spec": {"expirationSeconds": 600}}) == []

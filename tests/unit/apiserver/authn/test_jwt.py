from __future__ import annotations

import base64
import json

import pytest

from steersman.apiserver.authn.jwt import (
    KeyFormatError,
    SigningKey,
    TokenError,
    VerificationKeys,
    load_signing_key,
    load_verification_keys,
    unverified_issuer,
)

from .identities import ISSUER, NOW, claims, issuer, signing_key


@pytest.mark.parametrize(
    ("curve", "algorithm", "name"),
    [("SECP256R1", "ES256", "P-256"), ("SECP384R1", "ES384", "P-384"), ("SECP521R1", "ES512", "P-521")],
)
def test_elliptic_curves_sign_too(curve, algorithm, name):
    from cryptography.hazmat.primitives.asymmetric import ec
    from joserfc import jwt
    from joserfc.jwk import KeySet

    key = SigningKey(key=ec.generate_private_key(getattr(ec, curve)()))
    made = issuer(key=key)
    token = made.issue(claims(), NOW)
    assert made.keys.verify(token)["iss"] == ISSUER
    jwk = json.loads(made.jwks())["keys"][0]
    assert (list(jwk), jwk["alg"], jwk["crv"]) == (["use", "kty", "kid", "crv", "alg", "x", "y"], algorithm, name)
    assert jwt.decode(token, KeySet.import_key_set(json.loads(made.jwks())), algorithms=[algorithm])


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "e30.e30.", "W10.e30.AA", "bnVsbA.e30.AA", "é.é.é", "e30.é.AA"])
def test_what_is_no_token_is_a_token_error(token):
    with pytest.raises(TokenError):
        issuer().keys.verify(token)


def test_without_keys_nothing_verifies():
    with pytest.raises(TokenError, match="no keys found"):
        VerificationKeys(keys=()).verify(issuer().issue(claims(), NOW))


def test_keys_of_other_kinds_are_refused_in_words():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    def pem(key):
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    with pytest.raises(KeyFormatError, match="1024 bits is too weak"):
        load_signing_key(pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)))
    with pytest.raises(KeyFormatError, match="another kind"):
        load_signing_key(pem(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(KeyFormatError, match="not an unencrypted private key"):
        load_signing_key(b"nonsense")
    with pytest.raises(KeyFormatError, match="no PEM block"):
        load_verification_keys(b"nonsense")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256"])
def test_the_algorithm_is_the_keys_and_not_the_tokens(algorithm):
    token = issuer().issue(claims(), NOW)
    _, payload, signature = token.split(".")
    header = json.dumps({"alg": algorithm, "kid": signing_key().public.key_id}).encode()
    forged = f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{payload}.{signature}"
    with pytest.raises(TokenError, match="invalid signature"):
        issuer().keys.verify(forged)


def test_the_issuer_is_read_without_trust():
    assert unverified_issuer(issuer().issue(claims(), NOW)) == ISSUER
    for text in ("", "x", "a.b.c", "a.e30.c", "a.W10.c"):
        assert unverified_issuer(text) == ""


def test_files_of_several_keys_are_read_whole():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keys = load_verification_keys(b"# current\n" + pem + public)
    assert [key.algorithm for key in keys] == ["ES256", "ES256"]
    assert keys[0].key_id == keys[1].key_id

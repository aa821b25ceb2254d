"""JSON Web Tokens in compact form (RFC 7515, 7519), for the keys that sign service account tokens.

The algorithm follows from the key and never from the token: RSA means RS256; the curves P-256, P-384, P-521 mean
ES256, ES384, ES512. Key ids and JSON forms are upstream's. `cryptography` is imported where a key is loaded.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    PublicKey = RSAPublicKey | EllipticCurvePublicKey
    PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey

_CURVES = {
    # name: (algorithm, name in a JWK, bytes of a coordinate, hash)
    "secp256r1": ("ES256", "P-256", 32, "SHA256"),
    "secp384r1": ("ES384", "P-384", 48, "SHA384"),
    "secp521r1": ("ES512", "P-521", 66, "SHA512"),
}
_RSA_BITS_MIN = 2048


class KeyFormatError(ValueError):
    """A key cannot be used; the message says why and what would be right."""


class TokenError(ValueError):
    """A token does not hold. The message holds nothing of it."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key that tokens are checked with."""

    key_id: str
    algorithm: str
    key: PublicKey

    def verify(self, signing_input: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - loaded with the first key
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: PLC0415

        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, signing_input, padding.PKCS1v15(), hashes.SHA256())
                return True
            _, _, size, hash_name = _CURVES[self.key.curve.name]
            if len(signature) != 2 * size:
                return False
            r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
            self.key.verify(encode_dss_signature(r, s), signing_input, ec.ECDSA(getattr(hashes, hash_name)()))
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """The public JSON Web Key (RFC 7517), members in upstream's order."""
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - loaded with the first key

        if isinstance(self.key, rsa.RSAPublicKey):
            numbers = self.key.public_numbers()
            return {
                "use": "sig",
                "kty": "RSA",
                "kid": self.key_id,
                "alg": self.algorithm,
                "n": _encode_int(numbers.n),
                "e": _encode_int(numbers.e),
            }
        point = self.key.public_numbers()
        _, curve, size, _ = _CURVES[self.key.curve.name]
        return {
            "use": "sig",
            "kty": "EC",
            "kid": self.key_id,
            "crv": curve,
            "alg": self.algorithm,
            "x": encode(point.x.to_bytes(size, "big")),
            "y": encode(point.y.to_bytes(size, "big")),
        }


class SigningKey:
    """A private key that tokens are signed with."""

    __slots__ = ("_header", "_key", "public")

    def __init__(self, *, key: PrivateKey) -> None:
        """Raises KeyFormatError."""
        self._key = key
        self.public = verification_key(key.public_key())
        header = {"alg": self.public.algorithm, "kid": self.public.key_id}
        self._header = encode(orjson.dumps(header)).encode()

    def sign(self, claims: dict[str, Any]) -> str:
        """The compact token; members of claims are sorted, as upstream's are."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - loaded with the key
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415

        payload = encode(orjson.dumps(claims, option=orjson.OPT_SORT_KEYS)).encode()
        signing_input = self._header + b"." + payload
        if isinstance(self._key, rsa.RSAPrivateKey):
            signature = self._key.sign(signing_input, padding.PKCS1v15(), hashes.SHA256())
        else:
            _, _, size, hash_name = _CURVES[self._key.curve.name]
            r, s = decode_dss_signature(self._key.sign(signing_input, ec.ECDSA(getattr(hashes, hash_name)())))
            signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return (signing_input + b"." + encode(signature).encode()).decode()


class VerificationKeys:
    """The keys that may have signed a token: the current one first, then those it replaced."""

    def __init__(self, *, keys: tuple[VerificationKey, ...]) -> None:
        self.keys = keys

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that one of the keys has signed. Raises TokenError."""
        parts = token.split(".")
        if len(parts) != 3 or not token.isascii():
            raise TokenError("not a token of three parts")
        header = _decode_object(parts[0])
        if "crit" in header:
            raise TokenError("unknown critical header")
        key_id = header.get("kid")
        candidates = [key for key in self.keys if key.key_id == key_id] if key_id else list(self.keys)
        if not candidates:
            raise TokenError("invalid signature, no keys found")
        signing_input, signature = token.rpartition(".")[0].encode("ascii"), decode(parts[2])
        for key in candidates:
            if header.get("alg") == key.algorithm and key.verify(signing_input, signature):
                return _decode_object(parts[1])
        raise TokenError("invalid signature")


def unverified_issuer(token: str) -> str:
    """What a token claims as its issuer, nothing of it verified; empty when it is no such token."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        issuer = _decode_object(parts[1]).get("iss")
    except TokenError:
        return ""
    return issuer if isinstance(issuer, str) else ""


def verification_key(key: object) -> VerificationKey:
    """Raises KeyFormatError when the key is too weak or of a kind that signs no tokens."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - 30 ms; only where there are keys
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415

    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _RSA_BITS_MIN:
            raise KeyFormatError(f"an RSA key of {key.key_size} bits is too weak; use {_RSA_BITS_MIN} or more")
        algorithm = "RS256"
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        algorithm = _CURVES[key.curve.name][0]
    else:
        raise KeyFormatError(
            "tokens are signed by RSA keys or EC keys on P-256, P-384 or P-521; this key is another kind"
        )
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return VerificationKey(encode(hashlib.sha256(spki).digest()), algorithm, key)


def load_signing_key(pem: bytes) -> SigningKey:
    """Raises KeyFormatError."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - 30 ms; only where there are keys
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    try:
        # Testing an RSA key for primes takes 30 ms; the file is our own, and a broken key signs what nobody accepts.
        key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFormatError(f"not an unencrypted private key in PEM form: {error}") from error
    return SigningKey(key=key)  # type: ignore[arg-type] # its constructor refuses the other kinds


def load_verification_keys(pem: bytes) -> tuple[VerificationKey, ...]:
    """All public keys of a PEM file (private keys count as their public part). Raises KeyFormatError."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - 30 ms; only where there are keys
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    end = b"-----END "
    found = []
    for block in pem.split(b"-----BEGIN ")[1:]:
        body, _, tail = block.partition(end)
        whole = b"-----BEGIN " + body + end + tail.split(b"\n", 1)[0] + b"\n"
        try:
            if b"PRIVATE KEY" in body.split(b"-----", 1)[0]:
                found.append(load_signing_key(whole).public)
            else:
                found.append(verification_key(serialization.load_pem_public_key(whole)))
        except KeyFormatError:
            raise
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyFormatError(f"not a public key in PEM form: {error}") from error
    if not found:
        raise KeyFormatError("holds no PEM block; a public key begins with -----BEGIN PUBLIC KEY-----")
    return tuple(found)


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises TokenError."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError) as error:
        raise TokenError("not base64url") from error


def _encode_int(number: int) -> str:
    return encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _decode_object(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(decode(text))
    except orjson.JSONDecodeError as error:
        raise TokenError("not JSON") from error
    if not isinstance(value, dict):
        raise TokenError("not a JSON object")
    return value

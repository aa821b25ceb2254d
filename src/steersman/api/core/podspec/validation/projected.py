"""Projected volumes: several sources in one directory, whose files must not collide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.certificates.signer_names import (
    is_kubernetes_signer,
    signer_in_bundle_name,
    validate_cluster_trust_bundle_name,
    validate_signer_name,
)
from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.common import file_mode, file_user, local_non_reserved_path
from steersman.api.core.podspec.validation.files import validate_downward_file, validate_key_to_path
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required, too_long
from steersman.api.meta.domains import domain_prefixed_key
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import byte_length
from steersman.api.meta.object_meta import ANNOTATIONS_BYTES_MAX

if TYPE_CHECKING:
    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

_KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
_TOKEN_SECONDS_MIN = 10 * 60
_TOKEN_SECONDS_MAX = 1 << 32
_CERTIFICATE_SECONDS_MIN = 3600
_CERTIFICATE_SECONDS_MAX = 91 * 86400
_KUBERNETES_CERTIFICATE_SECONDS_MAX = 86400
_COLLISION = "conflicting duplicate paths"


def validate_projected(source: Object, path: str, options: Options) -> list[FieldError]:
    errors = file_mode(source.get("defaultMode"), f"{path}.defaultMode")
    errors += file_user(source.get("defaultUser"), f"{path}.defaultUser")
    checker = _Checker(path, options)
    for index, projection in enumerate(source.get("sources") or ()):
        errors += checker.check(projection, f"{path}.sources[{index}]")
    return errors


class _Checker:
    """Remembers the paths of the sources before."""

    def __init__(self, path: str, options: Options) -> None:
        self._path = path
        self._options = options
        self._taken: set[str] = set()

    def check(self, projection: Object, path: str) -> list[FieldError]:
        errors: list[FieldError] = []
        count = 0
        for name, rule in (
            ("secret", self._keys),
            ("configMap", self._keys),
            ("downwardAPI", self._downward_api),
            ("serviceAccountToken", self._token),
            ("clusterTrustBundle", self._trust_bundle),
            ("podCertificate", self._certificate),
        ):
            if projection.get(name) is not None:
                count += 1
                errors += rule(projection[name], f"{path}.{name}")
        if count > 1:
            errors.append(forbidden(path, "may not specify more than 1 volume type per source"))
        return errors

    def _take(self, file: str, shown: Any) -> list[FieldError]:
        if file in self._taken:
            return [invalid(self._path, shown, _COLLISION)]
        self._taken.add(file)
        return []

    def _keys(self, source: Object, path: str) -> list[FieldError]:
        name = source.get("name") or ""
        errors = [] if name else [required(f"{path}.name")]
        for index, item in enumerate(source.get("items") or ()):
            errors += validate_key_to_path(item, f"{path}.items[{index}]")
            if item.get("path"):
                errors += self._take(item["path"], name)
        return errors

    def _downward_api(self, source: Object, path: str) -> list[FieldError]:
        errors: list[FieldError] = []
        for item in source.get("items") or ():
            errors += validate_downward_file(item, path)
            if item.get("path"):
                errors += self._take(item["path"], item["path"])
        return errors

    def _token(self, source: Object, path: str) -> list[FieldError]:
        errors: list[FieldError] = []
        seconds, at = source.get("expirationSeconds"), f"{path}.expirationSeconds"
        if seconds is None:
            errors.append(required(at))
        elif seconds < _TOKEN_SECONDS_MIN:
            errors.append(invalid(at, seconds, "may not specify a duration less than 10 minutes"))
        elif seconds > _TOKEN_SECONDS_MAX:
            errors.append(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"))
        file = source.get("path") or ""
        if not file:
            errors.append(required(f"{self._path}.path"))
        elif not self._options.allow_non_local_token_path:
            errors += local_non_reserved_path(file, f"{self._path}.path")
        return errors + file_user(source.get("user"), f"{path}.user")

    def _trust_bundle(self, source: Object, path: str) -> list[FieldError]:
        name, signer, selector = source.get("name"), source.get("signerName"), source.get("labelSelector")
        errors: list[FieldError] = []
        if name is not None and signer is not None:
            shown = render("ClusterTrustBundleProjection", source)
            errors.append(invalid(path, shown, "only one of name and signerName may be used"))
        elif name is not None:
            if not name:
                errors.append(required(f"{path}.name", "must be a valid object name"))
            errors += [
                invalid(f"{path}.name", name, f"not a valid clustertrustbundlename: {message}")
                for message in validate_cluster_trust_bundle_name(name, signer_in_bundle_name(name))
            ]
            if selector is not None:
                detail = "labelSelector must be unset if name is specified"
                errors.append(invalid(f"{path}.labelSelector", render("LabelSelector", selector), detail))
        elif signer is not None:
            if not signer:
                errors.append(required(f"{path}.signerName", "must be a valid signer name"))
            errors += validate_signer_name(signer, f"{path}.signerName")
            errors += validate_selector(selector, f"{path}.labelSelector")
        else:
            errors.append(required(path, "either name or signerName must be specified"))
        file = source.get("path") or ""
        if not file:
            errors.append(required(f"{path}.path"))
        errors += file_user(source.get("user"), f"{path}.user")
        errors += local_non_reserved_path(file, f"{path}.path")
        return errors + self._take(file, file)

    def _certificate(self, source: Object, path: str) -> list[FieldError]:
        signer = source.get("signerName") or ""
        errors = validate_signer_name(signer, f"{path}.signerName")
        if source.get("userAnnotations") is not None:
            errors += _user_annotations(source["userAnnotations"], f"{path}.userAnnotations")
        errors += file_user(source.get("user"), f"{path}.user")
        key_type = source.get("keyType") or ""
        if key_type not in _KEY_TYPES:
            errors.append(not_supported(f"{path}.keyType", key_type, _KEY_TYPES))
        errors += _certificate_lifetime(source.get("maxExpirationSeconds"), signer, f"{path}.maxExpirationSeconds")
        count = 0
        for name in ("credentialBundlePath", "keyPath", "certificateChainPath"):
            if file := source.get(name):
                count += 1
                errors += local_non_reserved_path(file, f"{path}.{name}")
                errors += self._take(file, file)
        if not count:
            detail = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
            errors.append(required(path, detail))
        return errors


def _certificate_lifetime(seconds: int | None, signer: str, path: str) -> list[FieldError]:
    if seconds is None:
        return []
    errors = []
    if seconds < _CERTIFICATE_SECONDS_MIN:
        detail = f"if provided, maxExpirationSeconds must be >= {_CERTIFICATE_SECONDS_MIN}"
        errors.append(invalid(path, seconds, detail))
    limit = _KUBERNETES_CERTIFICATE_SECONDS_MAX if is_kubernetes_signer(signer) else _CERTIFICATE_SECONDS_MAX
    if seconds > limit:
        errors.append(invalid(path, seconds, f"if provided, maxExpirationSeconds must be <= {limit}"))
    return errors


def _user_annotations(annotations: Object, path: str) -> list[FieldError]:
    errors = [error for key in annotations for error in domain_prefixed_key(path, key.lower())]
    if sum(byte_length(key) + byte_length(value) for key, value in annotations.items()) > ANNOTATIONS_BYTES_MAX:
        errors.append(too_long(path, ANNOTATIONS_BYTES_MAX))
    return errors

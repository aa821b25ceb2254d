"""How versions of a custom resource become one another: by nothing, or by a webhook. Upstream's rules and words."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.names import dns1035_label
from steersman.api.meta.webhook_client import validate_service, validate_url

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_STRATEGIES: Final = ("None", "Webhook")
_REVIEW_VERSIONS: Final = ("v1", "v1beta1")


def client_config(spec: Object) -> Object:
    """How the webhook is reached; empty if there is none."""
    webhook = (spec.get("conversion") or {}).get("webhook") or {}
    return webhook.get("clientConfig") or {}


def validate_conversion(spec: Object, *, check_ca: bool) -> list[FieldError]:
    """`spec.conversion`; `check_ca`: its authority must be readable."""
    conversion = spec.get("conversion")
    if conversion is None:
        return []
    errors: list[FieldError] = []
    strategy, path = conversion.get("strategy") or "", "spec.conversion"
    if strategy != "None" and spec.get("preserveUnknownFields"):
        errors.append(invalid(f"{path}.strategy", strategy, "must be None if spec.preserveUnknownFields is true"))
    if not strategy:
        errors.append(required(f"{path}.strategy"))
    elif strategy not in _STRATEGIES:
        errors.append(not_supported(f"{path}.strategy", strategy, _STRATEGIES))
    webhook = conversion.get("webhook") or {}
    config, reviews = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or []
    at = f"{path}.webhookClientConfig"
    if strategy == "Webhook":
        if config is None:
            errors.append(required(at, "required when strategy is set to Webhook"))
        else:
            errors += _webhook(config, at, check_ca=check_ca)
        return errors + _review_versions(reviews, f"{path}.conversionReviewVersions")
    for where, value in ((at, config), (f"{path}.conversionReviewVersions", reviews or None)):
        if value is not None:
            errors.append(forbidden(where, "should not be set when strategy is not set to Webhook"))
    return errors


def _webhook(config: Object, path: str, *, check_ca: bool) -> list[FieldError]:
    url, service, bundle = config.get("url"), config.get("service"), config.get("caBundle") or ""
    if (url is None) == (service is None):
        errors = [required(path, "exactly one of url or service is required")]
    elif url is not None:
        errors = validate_url(url, f"{path}.url")
    else:
        errors = validate_service(service or {}, f"{path}.service")
    return errors + (bundle_errors(bundle, f"{path}.caBundle") if check_ca else [])


_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----")


def bundle_is_readable(bundle: str) -> bool:
    """Whether base64 text holds at least one certificate in PEM, as far as can be told from outside; empty is fine."""
    if not bundle:
        return True
    try:
        return _PEM.search(base64.b64decode(bundle, validate=True)) is not None
    except binascii.Error:
        return False


def bundle_errors(bundle: str, path: str) -> list[FieldError]:
    """What is wrong with a `caBundle` (base64)."""
    if bundle_is_readable(bundle):
        return []
    return [invalid(path, bundle, "unable to load root certificates: unable to parse bytes as PEM block")]


def _review_versions(versions: list[str], path: str) -> list[FieldError]:
    if not versions:
        return [required(path)]
    errors = []
    for index, version in enumerate(versions):
        if version in versions[:index]:
            errors.append(invalid(f"{path}[{index}]", version, "duplicate version"))
            continue
        errors += [invalid(f"{path}[{index}]", version, problem) for problem in dns1035_label(version)]
    if not set(versions) & set(_REVIEW_VERSIONS):
        errors.append(invalid(path, versions, f"must include at least one of {', '.join(_REVIEW_VERSIONS)}"))
    return errors

"""Conversion between versions, as definitions declare it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from steersman.api.apiextensions.definition_conversion import bundle_is_readable

from .definitions import definition, established, judge, judge_update

PORT = {"clientConfig": {"service": {"namespace": "n", "port": 0}}, "conversionReviewVersions": ["v9"]}


def webhook(**config: Any) -> dict[str, Any]:
    return {"strategy": "Webhook", "webhook": {"clientConfig": config, "conversionReviewVersions": ["v1"]}}


@pytest.mark.parametrize(
    ("obj", "errors"),
    [
        (
            definition(conversion={"strategy": "Webhook"}),
            ["required when strategy is set to Webhook", "Required value"],
        ),
        (
            definition(conversion={"strategy": "Webhook", "webhook": PORT}),
            [
                # The name is missing; upstream names the other field.
                "spec.conversion.webhookClientConfig.service.namespace: Required value",
                "service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
                'conversionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
            ],
        ),
        (
            definition(
                conversion={"strategy": "None", "webhook": {"clientConfig": {}, "conversionReviewVersions": ["v1"]}}
            ),
            [
                "spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook",
                "spec.conversion.conversionReviewVersions: Forbidden",
            ],
        ),
        (
            definition(conversion={"strategy": "Magic"}),
            ['spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"'],
        ),
        (
            definition(conversion=webhook(url="http://u@/p?q#f")),
            [
                "'https' is the only allowed URL scheme; desired format: https://host[/path]",
                "host must be specified; desired format: https://host[/path]",
                'Invalid value: "u": user information is not permitted in the URL',
                'Invalid value: "f": fragments are not permitted in the URL',
                'Invalid value: "q": query parameters are not permitted in the URL',
            ],
        ),
        (
            definition(conversion=webhook(service={"name": "n", "namespace": "n", "path": "/a//B"})),
            [
                'service.path: Invalid value: "/a//B": segment[1] may not be empty',
                'service.path: Invalid value: "/a//B": segment[2]: a lowercase RFC 1123 subdomain',
            ],
        ),
    ],
)
def test_what_is_refused(obj: dict[str, Any], errors: list[str]) -> None:
    found = judge(obj)
    assert len(found) == len(errors), found
    for error, wanted in zip(found, errors, strict=True):
        assert wanted in error


def test_an_authority_must_be_readable_once_it_was() -> None:
    pem = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    good, bad = base64.b64encode(pem).decode(), base64.b64encode(b"no").decode()
    assert bundle_is_readable("")
    assert bundle_is_readable(good)
    assert not bundle_is_readable(bad)

    def with_bundle(bundle: str) -> dict[str, Any]:
        return definition(conversion=webhook(url="https://x/", caBundle=bundle))

    (error,) = judge_update(with_bundle(bad), established(with_bundle(good)))
    assert error.endswith("unable to load root certificates: unable to parse bytes as PEM block")
    assert judge_update(with_bundle(bad), established(with_bundle(bad))) == []
    assert judge_update(with_bundle(bad), with_bundle(good)) == []

"""MutatingWebhookConfiguration: webhooks that change objects on admission."""

from __future__ import annotations

from steersman.api.admissionregistration import webhooks
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

MUTATING_WEBHOOK_CONFIGURATIONS = Resource(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="MutatingWebhookConfiguration",
    plural="mutatingwebhookconfigurations",
    singular="mutatingwebhookconfiguration",
    categories=("api-extensions",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration"),
    strategy=Strategy(
        default=webhooks.default_mutating,
        validate=webhooks.validate,
        validate_update=webhooks.validate_update,
        warnings=webhooks.warnings,
        has_generation=True,
        generation_fields=("webhooks",),
        allow_unconditional_update=False,
    ),
    columns=webhooks.COLUMNS,
)

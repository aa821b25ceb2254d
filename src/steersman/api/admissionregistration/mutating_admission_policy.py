"""MutatingAdmissionPolicy: CEL that changes objects on admission."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

MUTATING_ADMISSION_POLICIES = Resource(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="MutatingAdmissionPolicy",
    plural="mutatingadmissionpolicies",
    singular="mutatingadmissionpolicy",
    categories=("api-extensions",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy"),
    strategy=Strategy(
        has_generation=True,
        allow_unconditional_update=False,
    ),
)

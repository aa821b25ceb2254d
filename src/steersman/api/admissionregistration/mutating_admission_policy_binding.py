"""MutatingAdmissionPolicyBinding: where a MutatingAdmissionPolicy applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.admissionregistration.policies import BINDING_COLUMNS, default_binding, validate_binding
from steersman.api.admissionregistration.rules import (
    reserved_name_errors,
    reserved_name_warnings,
    validate_no_deletions,
)
from steersman.api.errors import FieldError, required
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj) + reserved_name_errors(obj)


def _validate_update(new: Object, _old: Object) -> list[FieldError]:
    return _validate_spec(new)


def _validate_spec(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = [] if spec.get("policyName") else [required("spec.policyName")]
    return errors + validate_binding(spec) + validate_no_deletions(spec.get("matchResources"), "spec.matchResources")


MUTATING_ADMISSION_POLICY_BINDINGS = Resource(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="MutatingAdmissionPolicyBinding",
    plural="mutatingadmissionpolicybindings",
    singular="mutatingadmissionpolicybinding",
    categories=("api-extensions",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding"),
    strategy=Strategy(
        default=default_binding,
        validate=_validate,
        validate_update=_validate_update,
        warnings=reserved_name_warnings,
        has_generation=True,
        allow_unconditional_update=False,
    ),
    columns=BINDING_COLUMNS,
)

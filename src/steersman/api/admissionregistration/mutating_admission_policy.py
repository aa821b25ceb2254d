"""MutatingAdmissionPolicy: CEL that changes objects on admission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.admissionregistration.policies import (
    default_policy,
    policy_columns,
    validate_head,
    validate_variables,
)
from steersman.api.admissionregistration.rules import (
    REINVOCATION_POLICIES,
    reserved_name_errors,
    reserved_name_warnings,
    validate_no_deletions,
)
from steersman.api.core.podspec.validation.common import one_of_required
from steersman.api.errors import FieldError, invalid, not_supported, required
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_FORMS = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
"""What a mutation of each patchType holds."""


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj.get("spec") or {}, None) + reserved_name_errors(obj)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate_spec(new.get("spec") or {}, old.get("spec") or {})


def _validate_spec(spec: Object, old: Object | None) -> list[FieldError]:
    errors = validate_head(spec, old, constraints=validate_no_deletions) + validate_variables(spec.get("variables"))
    mutations = spec.get("mutations") or []
    if not mutations:
        errors.append(required("spec.mutations", "mutations must contain at least one item"))
    for index, mutation in enumerate(mutations):
        errors += _validate_mutation(mutation, f"spec.mutations[{index}]")
    policy = spec.get("reinvocationPolicy") or ""
    return errors + one_of_required(policy, "spec.reinvocationPolicy", REINVOCATION_POLICIES)


def _validate_mutation(mutation: Object, path: str) -> list[FieldError]:
    kind = mutation.get("patchType") or ""
    if not kind:
        return [required(f"{path}.patchType")]
    if kind not in _FORMS:
        return [not_supported(f"{path}.patchType", kind, _FORMS)]
    needed = _FORMS[kind]
    other = next(name for name in _FORMS.values() if name != needed)
    errors: list[FieldError] = []
    if mutation.get(needed) is None:
        errors.append(required(f"{path}.{needed}", f"must be specified when patchType is {kind}"))
    elif not (mutation[needed].get("expression") or "").strip():
        errors.append(required(f"{path}.{needed}.expression"))
    if mutation.get(other) is not None:
        detail = f"must not be specified when patchType is {kind}"
        errors.append(invalid(f"{path}.{other}", f"{{{other}}}", detail))
    return errors


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
        default=default_policy,
        validate=_validate,
        validate_update=_validate_update,
        warnings=reserved_name_warnings,
        has_generation=True,
        allow_unconditional_update=False,
    ),
    columns=policy_columns("Mutations", "mutations"),
)

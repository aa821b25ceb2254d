"""ValidatingAdmissionPolicy: CEL that judges objects on admission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.admissionregistration.policies import (
    default_policy,
    policy_columns,
    validate_head,
    validate_variables,
)
from steersman.api.admissionregistration.rules import reserved_name_errors, reserved_name_warnings
from steersman.api.columns import at
from steersman.api.core.podspec.validation.common import one_of, qualified
from steersman.api.errors import FieldError, duplicate, invalid, required
from steersman.api.meta.conditions import validate_conditions
from steersman.api.meta.names import byte_length
from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view
from steersman.lib.jsonpath import JSONPathError, parse_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
AUDIT_ANNOTATIONS_MAX = 20
VALUE_EXPRESSION_BYTES_MAX = 5 * 1024


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, None) + reserved_name_errors(obj)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate_spec(new, old.get("spec") or {})


def _validate_spec(obj: Object, old: Object | None) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = validate_head(spec, old) + validate_variables(spec.get("variables"))
    validations, annotations = spec.get("validations") or [], spec.get("auditAnnotations") or []
    if not validations and not annotations:
        detail = "validations or auditAnnotations must contain at least one item"
        return [*errors, required("spec.validations", detail), required("spec.auditAnnotations", detail)]
    for index, validation in enumerate(validations):
        errors += _validate_validation(validation, f"spec.validations[{index}]")
    return errors + _validate_annotations(annotations, "spec.auditAnnotations", obj["metadata"].get("name") or "")


def _validate_validation(validation: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if not (validation.get("expression") or "").strip():
        errors.append(required(f"{path}.expression", "expression is not specified"))
    expression, message = validation.get("messageExpression") or "", validation.get("message") or ""
    if expression and not expression.strip():
        errors.append(invalid(f"{path}.messageExpression", expression, "must be non-empty if specified"))
    if message and not message.strip():
        errors.append(invalid(f"{path}.message", message, "must be non-empty if specified"))
    elif "\n" in message.strip() or "\r" in message.strip():
        errors.append(invalid(f"{path}.message", message, "must not contain line breaks"))
    if validation.get("reason") is not None:
        errors += one_of(validation["reason"], f"{path}.reason", _REASONS)
    return errors


def _validate_annotations(annotations: Sequence[Object], path: str, policy: str) -> list[FieldError]:
    """Keys are published with the policy's name in front."""
    errors: list[FieldError] = []
    if len(annotations) > AUDIT_ANNOTATIONS_MAX:
        shown = [
            {"Key": each.get("key", ""), "ValueExpression": each.get("valueExpression", "")} for each in annotations
        ]
        errors.append(invalid(path, shown, f"must not have more than {AUDIT_ANNOTATIONS_MAX} auditAnnotations"))
    keys: set[str] = set()
    for index, annotation in enumerate(annotations):
        at_index, key = f"{path}[{index}]", annotation.get("key") or ""
        if policy:
            errors += qualified(f"{policy}/{key}", f"{at_index}.key")
        else:
            errors.append(invalid(f"{at_index}.key", key, "requires metadata.name be non-empty"))
        expression = (annotation.get("valueExpression") or "").strip()
        if not expression:
            errors.append(required(f"{at_index}.valueExpression", "valueExpression is not specified"))
        elif byte_length(expression) > VALUE_EXPRESSION_BYTES_MAX:
            detail = f"must not exceed {VALUE_EXPRESSION_BYTES_MAX} bytes in length"
            errors.append(required(f"{at_index}.valueExpression", detail))
        if key in keys:
            errors.append(duplicate(f"{at_index}.key", key))
        keys.add(key)
    return errors


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    warnings = at(new, "status", "typeChecking", "expressionWarnings", default=())
    for index, warning in enumerate(warnings):
        path = f"status.typeChecking.expressionWarnings[{index}]"
        if not warning.get("warning"):
            errors.append(required(f"{path}.warning"))
        errors += _validate_field_ref((warning.get("fieldRef") or "").strip(), f"{path}.fieldRef")
    return errors + validate_conditions(at(new, "status", "conditions", default=()), "status.conditions")


def _validate_field_ref(field: str, path: str) -> list[FieldError]:
    if not field:
        return [required(path)]
    try:
        parse_template(f"{{{field}}}")
    except JSONPathError as error:
        return [invalid(path, field, f"invalid JSONPath: {error}")]
    return []


VALIDATING_ADMISSION_POLICIES = Resource(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="ValidatingAdmissionPolicy",
    plural="validatingadmissionpolicies",
    singular="validatingadmissionpolicy",
    categories=("api-extensions",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy"),
    subresources=(
        Subresource(
            name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status, keep_metadata=True)
        ),
    ),
    strategy=Strategy(
        default=default_policy,
        validate=_validate,
        validate_update=_validate_update,
        warnings=reserved_name_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
    columns=policy_columns("Validations", "validations"),
)

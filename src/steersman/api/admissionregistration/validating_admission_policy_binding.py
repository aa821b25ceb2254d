"""ValidatingAdmissionPolicyBinding: where a ValidatingAdmissionPolicy applies, and what then happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.admissionregistration.policies import BINDING_COLUMNS, default_binding, validate_binding
from steersman.api.admissionregistration.rules import reserved_name_errors, reserved_name_warnings
from steersman.api.core.podspec.validation.common import one_of
from steersman.api.errors import FieldError, duplicate, invalid, required
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

_ACTIONS = ("Audit", "Deny", "Warn")


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj) + reserved_name_errors(obj) + _missing(obj, ())


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    unchanged = [name for name in _NEEDED if not spec.get(name) and not before.get(name)]
    return _validate_spec(new) + _missing(new, unchanged)


_NEEDED = ("policyName", "validationActions")


def _missing(obj: Object, but: Sequence[str]) -> list[FieldError]:
    """Declared at the type, so told last."""
    spec = obj.get("spec") or {}
    return [required(f"spec.{name}") for name in _NEEDED if not spec.get(name) and name not in but]


def _validate_spec(obj: Object) -> list[FieldError]:
    spec, path = obj.get("spec") or {}, "spec.validationActions"
    errors = validate_binding(spec)
    actions = spec.get("validationActions") or []
    for index, action in enumerate(actions):
        errors += one_of(action, f"{path}[{index}]", _ACTIONS)
        if action in actions[:index]:
            errors.append(duplicate(f"{path}[{index}]", action))
    if "Deny" in actions and "Warn" in actions:
        detail = (
            "must not contain both Deny and Warn (repeating the same validation failure information in the API "
            "response and headers serves no purpose)"
        )
        errors.append(invalid(path, actions, detail))
    return errors


VALIDATING_ADMISSION_POLICY_BINDINGS = Resource(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="ValidatingAdmissionPolicyBinding",
    plural="validatingadmissionpolicybindings",
    singular="validatingadmissionpolicybinding",
    categories=("api-extensions",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding"),
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

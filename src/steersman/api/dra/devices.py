"""What claims, classes, slices and taint rules have in common: lists, selectors, configuration, taints, tolerations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from steersman.api.core.go_types import wire
from steersman.api.dra.names import declared_driver_name
from steersman.api.errors import FieldError, duplicate, invalid, not_supported, required, too_long, too_many
from steersman.api.meta.label_selector import validate_label_name
from steersman.api.meta.names import byte_length, label_value

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from steersman.api.meta.types import Object

    Judge = Callable[[Any, str], list[FieldError]]

SELECTORS_MAX = 32
CONFIG_MAX = 32
EXPRESSION_BYTES_MAX = 10 * 1024
PARAMETERS_BYTES_MAX = 10 * 1024
BINDING_CONDITIONS_MAX = 4
EFFECTS = ("NoExecute", "NoSchedule", "None")
_OPERATORS = ("Equal", "Exists")
_EMPTY_EXPRESSION = (
    "compilation failed: ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', "
    "'-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)


# --- Lists -------------------------------------------------------------------------------------------------------


def each(values: Sequence[Any], path: str, judge: Judge, *, limit: int = -1) -> list[FieldError]:
    """Every item of a list; nothing if it is longer than `limit`, which a declared rule tells."""
    if 0 <= limit < len(values):
        return []
    return [error for index, value in enumerate(values) for error in judge(value, f"{path}[{index}]")]


def declared_list(
    values: Sequence[Any],
    path: str,
    *,
    limit: int = -1,
    kind: str = "",
    key: Callable[[Any], Hashable] | None = None,
    judge: Judge | None = None,
) -> list[FieldError]:
    """Declared rules of a list: its size, then that `key` is unique (shown is the whole item, a `kind`), then items."""
    if 0 <= limit < len(values):
        return [too_many(path, len(values), limit)]
    errors = []
    if key is not None:
        errors += [
            duplicate(f"{path}[{index}]", wire(kind or "string", values[index])) for index in repeated(values, key)
        ]
    return errors + each(values, path, judge) if judge is not None else errors


def repeated(values: Sequence[Any], key: Callable[[Any], Hashable]) -> list[int]:
    """Where a key appears that has been there before."""
    seen: set[Hashable] = set()
    found = []
    for index, value in enumerate(values):
        if (identity := key(value)) in seen:
            found.append(index)
        seen.add(identity)
    return found


def itself(value: str) -> str:
    return value


# --- Selectors and configuration ---------------------------------------------------------------------------------


def validate_selectors(selectors: Sequence[Object], path: str) -> list[FieldError]:
    return each(selectors, path, _validate_selector, limit=SELECTORS_MAX)


def _validate_selector(selector: Object, path: str) -> list[FieldError]:
    if (cel := selector.get("cel")) is None:
        return [required(f"{path}.cel")]
    expression = cel.get("expression") or ""
    if byte_length(expression) > EXPRESSION_BYTES_MAX:
        return [too_long(f"{path}.cel.expression", EXPRESSION_BYTES_MAX)]
    return [] if expression else [invalid(f"{path}.cel.expression", "", _EMPTY_EXPRESSION)]


def declared_selectors(selectors: Sequence[Object], path: str) -> list[FieldError]:
    return declared_list(selectors, path, limit=SELECTORS_MAX)


def validate_configuration(config: Object, path: str, *, stored: bool = False) -> list[FieldError]:
    """`stored`: it is there already, with parameters that older rules may have let in."""
    if (opaque := config.get("opaque")) is None:
        return [required(f"{path}.opaque")]
    return validate_json_object(
        opaque.get("parameters"), f"{path}.opaque.parameters", PARAMETERS_BYTES_MAX, stored=stored
    )


def declared_configuration(config: Object, path: str) -> list[FieldError]:
    if (opaque := config.get("opaque")) is None:
        return []
    return declared_driver_name(opaque.get("driver") or "", f"{path}.opaque.driver")


def validate_json_object(value: Any, path: str, limit: int, *, stored: bool = False) -> list[FieldError]:
    """An object of a driver's own; `limit` in bytes of its JSON."""
    if value is None:
        return [required(path)]
    if not stored and byte_length(json.dumps(value, separators=(",", ":"), ensure_ascii=False)) > limit:
        return [too_long(path, limit)]
    return [] if isinstance(value, dict) else [invalid(path, "<value omitted>", "must be a valid JSON object")]


# --- Taints and tolerations --------------------------------------------------------------------------------------


def validate_taint(taint: Object, path: str) -> list[FieldError]:
    errors = validate_label_name(taint.get("key") or "", f"{path}.key")
    return errors + _label_value(taint.get("value") or "", f"{path}.value")


def declared_taint(taint: Object, path: str) -> list[FieldError]:
    if not (effect := taint.get("effect")):
        return [required(f"{path}.effect")]
    return [] if effect in EFFECTS else [not_supported(f"{path}.effect", effect, EFFECTS)]


def validate_toleration(toleration: Object, path: str) -> list[FieldError]:
    value = toleration.get("value") or ""
    if toleration.get("operator") == "Equal":
        return _label_value(value, f"{path}.value")
    if toleration.get("operator") == "Exists" and value:
        return [invalid(f"{path}.value", value, "must be empty for operator `Exists`")]
    return []


def declared_toleration(toleration: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if key := toleration.get("key"):
        errors += validate_label_name(key, f"{path}.key")
    if not (operator := toleration.get("operator")):
        errors.append(required(f"{path}.operator"))
    elif operator not in _OPERATORS:
        errors.append(not_supported(f"{path}.operator", operator, _OPERATORS))
    effect = toleration.get("effect")
    if effect and effect not in EFFECTS:
        errors.append(not_supported(f"{path}.effect", effect, EFFECTS))
    return errors


def _label_value(value: str, path: str) -> list[FieldError]:
    return [invalid(path, value, message) for message in label_value(value)]


# --- Conditions that binding waits for ---------------------------------------------------------------------------


def validate_binding_conditions(device: Object, path: str) -> list[FieldError]:
    """`bindingConditions` and `bindingFailureConditions`: both or none, and nothing in both."""
    wanted, failed = device.get("bindingConditions") or [], device.get("bindingFailureConditions") or []
    wanted_path, failed_path = f"{path}.bindingConditions", f"{path}.bindingFailureConditions"
    errors = each(wanted, wanted_path, validate_label_name, limit=BINDING_CONDITIONS_MAX)
    errors += each(failed, failed_path, validate_label_name, limit=BINDING_CONDITIONS_MAX)
    errors += [duplicate(f"{wanted_path}[{index}]", wanted[index]) for index in repeated(wanted, itself)]
    twice = set(repeated(failed, itself))
    for index, condition in enumerate(failed):
        if index in twice:
            errors.append(duplicate(f"{failed_path}[{index}]", condition))
        if condition in wanted:
            detail = "bindingFailureConditions must not overlap with bindingConditions"
            errors.append(invalid(f"{failed_path}[{index}]", condition, detail))
    if failed and not wanted:
        detail = "bindingConditions are required to use bindingFailureConditions"
        errors.append(invalid(wanted_path, None, detail))
    if wanted and not failed:
        detail = "bindingFailureConditions are required to use bindingConditions"
        errors.append(invalid(failed_path, None, detail))
    return errors


def declared_binding_conditions(device: Object, path: str) -> list[FieldError]:
    return [
        error
        for name in ("bindingConditions", "bindingFailureConditions")
        for error in declared_list(device.get(name) or (), f"{path}.{name}", limit=BINDING_CONDITIONS_MAX)
    ]

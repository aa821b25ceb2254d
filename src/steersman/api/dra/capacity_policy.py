"""Capacities of devices: what requests may ask of one that is shared.

Requests for fractions belong to a feature that is off unless the whole cluster is at v1.37: ranges are judged in whole
numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.dra.devices import repeated
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, required, too_many
from steersman.api.meta.quantity import Quantity, of_value, parse

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

VALUES_MAX = 10
_INT64_MAX = of_value((1 << 63) - 1)


def validate_capacity(capacity: Object, path: str, *, shared: bool) -> list[FieldError]:
    """`shared`: the device can be allocated many times."""
    if (policy := capacity.get("requestPolicy")) is None:
        return []
    where = f"{path}.requestPolicy"
    if not shared:
        return [forbidden(where, "allowMultipleAllocations must be true")]
    most = parse(capacity.get("value") or "0")
    values, bounds, default = policy.get("validValues"), policy.get("validRange"), policy.get("default")
    if values and bounds is not None:
        detail = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
        return [forbidden(where, detail)]
    if values:
        if default is None:
            return [required(f"{where}.default", "required when validValues is defined")]
        return _validate_values(parse(default), most, [parse(value) for value in values], f"{where}.validValues")
    if bounds is not None:
        if default is None:
            return [required(f"{where}.default", "required when validRange is defined")]
        return _validate_range(parse(default), most, bounds, f"{where}.validRange")
    return []


def _validate_values(default: Quantity, most: Quantity, values: list[Quantity], path: str) -> list[FieldError]:
    errors = [
        invalid(f"{path}[{index + 1}]", str(value), "values must be sorted in ascending order")
        for index, value in enumerate(values[1:])
        if values[index] > value
    ]
    if len(values) > VALUES_MAX:
        errors.append(too_many(path, len(values), VALUES_MAX))
    else:
        errors += [
            invalid(f"{path}[{index}]", str(value), f"option is larger than capacity value: {most}")
            for index, value in enumerate(values)
            if value > most
        ]
        again = repeated(values, Quantity.value)
        errors += [duplicate(f"{path}[{index}]", str(values[index].value())) for index in again]
    if len(values) > VALUES_MAX or default not in values:
        errors.append(invalid(path, str(default), "default value is not valid according to the requestPolicy"))
    return errors


def _validate_range(default: Quantity, most: Quantity, bounds: Object, path: str) -> list[FieldError]:
    least, high, step = (None if bounds.get(name) is None else parse(bounds[name]) for name in ("min", "max", "step"))
    if least is None:
        return [required(f"{path}.min", "required when validRange is defined")]
    errors = []
    if least > most:
        errors.append(invalid(f"{path}.min", str(least), f"min is larger than capacity value: {most}"))
    if default < least:
        errors.append(invalid(f"{path}.default", str(default), f"default is less than min: {least}"))
    if high is not None:
        if least > high:
            errors.append(invalid(f"{path}.max", str(least), f"min is larger than max: {high}"))
        if high > most:
            errors.append(invalid(f"{path}.max", str(high), f"max is larger than capacity value: {most}"))
        if default > high:
            errors.append(invalid(f"{path}.default", str(default), f"default is more than max: {high}"))
    if step is None:
        return errors
    if step.sign <= 0:
        return [*errors, invalid(f"{path}.step", str(step), "must be greater than zero")]
    if (added := least + step) > most:
        detail = f"one step {added} is larger than capacity value: {most}"
        errors.append(invalid(f"{path}.step", str(step), detail))
    named = (("default", default), ("min", least), ("max", high), ("step", step))
    if unsafe := [error for name, value in named if value for error in _int64(value, f"{path}.{name}")]:
        return errors + unsafe
    return errors + [
        invalid(f"{path}.step", str(value), f"value is not a multiple of a given step ({step}) from ({least})")
        for value in (default, high)
        if value is not None and (value.value() - least.value()) % step.value()
    ]


def _int64(value: Quantity, path: str) -> list[FieldError]:
    if value.sign < 0:
        return [invalid(path, str(value), "must be greater than or equal to 0")]
    if value > _INT64_MAX:
        return [invalid(path, str(value), f"must not be larger than {_INT64_MAX.value()}")]
    return []

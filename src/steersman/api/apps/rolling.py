"""How workloads roll out changes: amounts that are a number or a percentage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import FieldError, invalid
from steersman.api.meta.labels import parse_int64
from steersman.api.meta.names import percent
from steersman.api.meta.object_meta import nonnegative

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

Amount = int | str


def check_amount(amount: Amount, path: str) -> list[FieldError]:
    """Upstream's ValidatePositiveIntOrPercent; zero is fine."""
    if isinstance(amount, str):
        return [invalid(path, amount, message) for message in percent(amount)]
    return nonnegative(amount, path)


def amount_value(amount: Amount) -> int:
    """The number, or the number in front of the percent sign; 0 for text that is neither."""
    if isinstance(amount, int):
        return amount
    text = amount[:-1] if not percent(amount) else amount
    return parse_int64(text) or 0


def scaled_amount(amount: Amount, total: int, *, up: bool) -> int:
    """The number, or the percentage of `total`, rounded `up` or down."""
    if isinstance(amount, int):
        return amount
    hundredths = amount_value(amount) * total
    return -(-hundredths // 100) if up else hundredths // 100


def check_at_most_all(amount: Amount, path: str) -> list[FieldError]:
    """No more than 100%."""
    if isinstance(amount, str) and not percent(amount) and amount_value(amount) > 100:
        return [invalid(path, amount, "must not be greater than 100%")]
    return []


def shown_strategy(strategy: Object, *, partition: bool = False) -> Object:
    """An update strategy as messages print it; `partition`: a StatefulSet's."""
    return {"Type": strategy.get("type") or "", "RollingUpdate": shown_rolling(strategy, partition=partition)}


def shown_rolling(strategy: Object, *, partition: bool = False) -> Any:
    rolling = strategy.get("rollingUpdate")
    if rolling is None:
        return None
    if partition:
        return {"Partition": rolling.get("partition") or 0, "MaxUnavailable": rolling.get("maxUnavailable")}
    return {"MaxUnavailable": rolling.get("maxUnavailable", 0), "MaxSurge": rolling.get("maxSurge", 0)}

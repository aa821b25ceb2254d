"""Selectors of classes and requests: expressions that say which devices will do.

What an expression said of a device is kept with the device: it says the same as long as both are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.model import Device
    from steersman.scheduler.devices.requests import Request

    Predicate: TypeAlias = Callable[[Device], bool]

KEPT_MAX = 100
"""Answers that are kept with one device."""


class ExpressionError(Exception):
    """An expression cannot be understood (`compiling`), or fails for a device. The text is the expression's alone."""

    def __init__(self, message: str, *, compiling: bool = False) -> None:
        super().__init__(message)
        self.compiling = compiling


class SelectorError(Exception):
    """A selector cannot say whether a device will do; the text says which selector, and of which device."""


class Selectors:
    """`compiled`: the predicate of an expression; it, and what it gives, may raise ExpressionError."""

    def __init__(self, *, compiled: Callable[[str], Predicate]) -> None:
        self._compiled = compiled

    def class_matches(self, device_class: Object, device: Device) -> bool:
        """Whether a class has the device. Raises SelectorError."""
        selectors = (device_class.get("spec") or {}).get("selectors") or ()
        expressions = [(each.get("cel") or {}).get("expression") or "" for each in selectors]
        return self._match(expressions, device, lambda: f"class {device_class['metadata']['name']}")

    def claim_matches(self, claim: Object, request: Request, device: Device) -> bool:
        """Whether a request of a claim takes the device. Raises SelectorError."""
        metadata = claim["metadata"]
        return self._match(request.selectors, device, lambda: f"claim {metadata['namespace']}/{metadata['name']}")

    def _match(self, expressions: Iterable[str], device: Device, whose: Callable[[], str]) -> bool:
        for index, expression in enumerate(expressions):
            said = device.matches.get(expression)
            if said is None:
                said = self._ask(index, expression, device, whose)
            if not said:
                return False
        return True

    def _ask(self, index: int, expression: str, device: Device, whose: Callable[[], str]) -> bool:
        try:
            said = self._compiled(expression)(device)
        except ExpressionError as error:
            if error.compiling:
                raise SelectorError(f"{whose()}: selector #{index}: CEL compile error: {error}") from error
            where = f"{whose()}: selector #{index} on device {device.id}"
            raise SelectorError(f"{where}: CEL runtime error: {error}") from error
        if len(device.matches) >= KEPT_MAX:
            device.matches.clear()
        device.matches[expression] = said
        return said

"""What compilation produces, and the frame that it runs on.

A frame is a list: the cost so far, the cost limit, then the values of variables, each in a slot that the compiler gave
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Frame = list[Any]
Run = Callable[[Frame], Any]

COST, LIMIT, FIRST_SLOT = 0, 1, 2


class Code(NamedTuple):
    """A compiled node: `cost` is what each run costs for certain; the rest, if any, `run` adds to the frame itself."""

    run: Run
    cost: int
    is_constant: bool = False
    slot: int | None = None
    """Of a variable, its place in the frame."""

    def value(self) -> Any:
        """Of a constant, its value."""
        return self.run([])


def constant(value: Any) -> Code:
    """Code that costs nothing and is always the same value."""
    return Code(lambda _frame: value, 0, is_constant=True)

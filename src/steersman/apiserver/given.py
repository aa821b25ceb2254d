"""What a request gave empty, in the messages that refuse it.

The normal form has no empty lists and maps where Go leaves them out, but Go's validation still sees them: it prints
`[]` and `{}` for what was given so, and `null` for what was not given.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steersman.api.errors import FieldError

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def as_given(errors: list[FieldError], given: Any) -> list[FieldError]:
    """The errors, with null values shown as the empty list or map that `given` (wire form) has at their fields."""
    return [_as_given(error, given) if error.value is None else error for error in errors]


def _as_given(error: FieldError, given: Any) -> FieldError:
    found = given
    for name, index in _STEP.findall(error.field):
        if name and isinstance(found, dict):
            found = found.get(name)
        elif index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return error
    return replace(error, value=found) if found in ([], {}) else error

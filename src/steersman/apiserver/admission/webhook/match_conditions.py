"""matchConditions: expressions (CEL) that all have to hold, or a webhook is not asked.

MatchConditions is the seam: an evaluator of expressions takes the place of `Unevaluated`, which has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.user import User


class ConditionError(Exception):
    """Conditions could not be evaluated, and none of them is false."""


class Variables(NamedTuple):
    """What expressions are about."""

    object: Object | None
    old_object: Object | None
    request: Object
    """The AdmissionRequest, without its objects."""
    user: User
    """Whom questions to the `authorizer` are about."""


class MatchConditions(Protocol):
    """Evaluates the conditions of one webhook."""

    def hold(self, conditions: tuple[tuple[str, str], ...], variables: Variables) -> bool:
        """Whether all (name, expression) pairs are true; one that is false counts before any that fails.

        Raises ConditionError.
        """


class Unevaluated:
    """No expression can be evaluated: every condition fails, and `failurePolicy` decides what that means."""

    def hold(self, conditions: tuple[tuple[str, str], ...], variables: Variables) -> bool:  # noqa: ARG002 - the seam's form
        names = ", ".join(name for name, _ in conditions)
        raise ConditionError(f"match conditions cannot be evaluated by this server: {names}")

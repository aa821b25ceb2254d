"""Several authorizers as one: the first that has an opinion decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.authn.credentials import aggregate
from steersman.apiserver.authn.user import PRIVILEGED_GROUP
from steersman.apiserver.authz.attributes import ALLOWED, NO_OPINION, Attributes, Authorizer, Decision, RuleSet

if TYPE_CHECKING:
    from steersman.apiserver.authn.user import User


class AuthorizerChain:
    """`units`: (name, authorizer); the name stands before the reasons of those without opinion.

    Members of system:masters are let through before any unit is asked: the way in when roles are broken.
    """

    def __init__(self, *, units: tuple[tuple[str, Authorizer], ...]) -> None:
        self._units = units

    def authorize(self, attributes: Attributes) -> Decision:
        if PRIVILEGED_GROUP in attributes.user.groups:
            return ALLOWED
        reasons: list[str] = []
        for name, unit in self._units:
            decision = unit.authorize(attributes)
            if decision.allowed or decision.denied:
                return decision
            if decision.reason:
                reasons.append(f"{name}: {decision.reason}")
        return Decision(reason="\n".join(reasons)) if reasons else NO_OPINION

    def rules_for(self, user: User, namespace: str) -> RuleSet:
        found = [unit.rules_for(user, namespace) for _, unit in self._units]
        errors = [rules.error for rules in found if rules.error]
        return RuleSet(
            resource_rules=tuple(rule for rules in found for rule in rules.resource_rules),
            non_resource_rules=tuple(rule for rules in found for rule in rules.non_resource_rules),
            incomplete=any(rules.incomplete for rules in found),
            error=aggregate(errors) if errors else "",
        )

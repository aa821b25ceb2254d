from __future__ import annotations

from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.attributes import ALLOWED, NO_OPINION, Attributes, Decision, RuleSet
from steersman.apiserver.authz.chain import AuthorizerChain
from steersman.apiserver.authz.forbidden import forbidden

ALICE = Attributes(User("alice"), "get", resource="pods")


class Unit:
    def __init__(self, decision=NO_OPINION, rules=None):
        self.decision = decision
        self.rules = rules or RuleSet()

    def authorize(self, attributes):
        return self.decision

    def rules_for(self, user, namespace):
        return self.rules


def test_the_first_opinion_decides():
    denied = Decision(denied=True, reason="no")
    assert AuthorizerChain(units=(("a", Unit()), ("b", Unit(ALLOWED)), ("c", Unit(denied)))).authorize(ALICE) is ALLOWED
    assert AuthorizerChain(units=(("a", Unit(denied)), ("b", Unit(ALLOWED)))).authorize(ALICE) is denied


def test_without_opinion_nothing_is_allowed_and_all_reasons_are_told():
    assert AuthorizerChain(units=()).authorize(ALICE) == NO_OPINION
    units = (("node", Unit(Decision(reason="x"))), ("b", Unit()), ("rbac", Unit(Decision(reason="y"))))
    assert AuthorizerChain(units=units).authorize(ALICE) == Decision(reason="node: x\nrbac: y")


def test_system_masters_are_let_through_without_a_reason():
    admin = ALICE._replace(user=User("admin", groups=("system:masters",)))
    assert AuthorizerChain(units=(("a", Unit(Decision(denied=True))),)).authorize(admin) == Decision(allowed=True)


def test_rules_of_all_units_are_joined():
    first = RuleSet(resource_rules=({"verbs": ["get"]},), incomplete=True, error="e")
    second = RuleSet(non_resource_rules=({"verbs": ["list"]},), error="e")
    found = AuthorizerChain(units=(("a", Unit(rules=first)), ("b", Unit(rules=second)))).rules_for(ALICE.user, "ns")
    assert found == RuleSet(({"verbs": ["get"]},), ({"verbs": ["list"]},), incomplete=True, error="e")


def test_refusals_are_escaped_and_carry_the_reason():
    error = forbidden(ALICE._replace(user=User("<b>&"), namespace="ns", subresource="log", name="p"), "node: x")
    assert error.message == (
        'pods "p" is forbidden: User "&lt;b&gt;&amp;" cannot get resource "pods/log" in API group "" in the namespace '
        '"ns": node: x'
    )
    assert error.headers == (("X-Content-Type-Options", "nosniff"),)

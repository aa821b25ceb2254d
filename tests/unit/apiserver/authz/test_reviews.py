from __future__ import annotations

import pytest

from steersman.api.errors import BadRequest, Invalid
from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.attributes import ALLOWED, Decision, Requirement, RuleSet
from steersman.apiserver.authz.reviews import AccessReviews


class Recording:
    """Allows everything and keeps what it was asked."""

    def __init__(self, decision=ALLOWED):
        self.decision = decision

    def authorize(self, attributes):
        self.asked = attributes
        return self.decision

    def rules_for(self, user, namespace):
        return RuleSet(incomplete=True, error="partly")


def review(**resource_attributes):
    return {
        "metadata": {},
        "spec": {"user": "x", "resourceAttributes": {"resource": "pods", "verb": "list", **resource_attributes}},
    }


def test_the_subject_is_what_the_review_says():
    authorizer = Recording()
    asked = review(namespace="ns", name="p", group="g", subresource="s")
    asked["spec"] |= {"uid": "1", "groups": ["a"], "extra": {"k": ["v"], "a": None}}
    AccessReviews(authorizer=authorizer).subject_access(asked)
    assert authorizer.asked.user == User("x", "1", ("a",), (("a", ()), ("k", ("v",))))
    assert authorizer.asked[1:8] == ("list", "g", "*", "pods", "s", "ns", "p")


def test_denials_are_told():
    reviews = AccessReviews(authorizer=Recording(Decision(denied=True, reason="no")))
    assert reviews.subject_access(review())["status"] == {"allowed": False, "denied": True, "reason": "no"}


@pytest.mark.parametrize(
    ("selectors", "fields", "labels", "error"),
    [
        ({"fieldSelector": {"rawSelector": "a=b,c!=d"}}, [("a", "=", ("b",)), ("c", "!=", ("d",))], [], None),
        ({"labelSelector": {"rawSelector": "a in (b)"}}, [], [("a", "in", ("b",))], None),
        (
            {"labelSelector": {"requirements": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Odd"}]}},
            [],
            [("a", "exists", ())],
            "spec.resourceAttributes.labelSelector partially ignored due to parse error",
        ),
        (
            {"fieldSelector": {"requirements": [{"key": "a", "operator": "In", "values": ["x", "y"]}]}},
            [],
            [],
            "spec.resourceAttributes.fieldSelector ignored due to parse error",
        ),
        (
            {"fieldSelector": {"rawSelector": "nonsense"}, "labelSelector": {"rawSelector": "!!"}},
            [],
            [],
            (
                "spec.resourceAttributes.fieldSelector ignored due to parse error; "
                "spec.resourceAttributes.labelSelector ignored due to parse error"
            ),
        ),
    ],
)
def test_selectors_are_understood_as_far_as_possible(selectors, fields, labels, error):
    authorizer = Recording()
    answer = AccessReviews(authorizer=authorizer).subject_access(review(**selectors))
    assert list(authorizer.asked.field_selector) == [Requirement(*term) for term in fields]
    assert list(authorizer.asked.label_selector) == [Requirement(*term) for term in labels]
    assert answer["status"].get("evaluationError") == error


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        (
            {"fieldSelector": {}},
            (
                "spec.resourceAttributes.fieldSelector.requirements: Required value: when "
                "spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required"
            ),
        ),
        (
            {"fieldSelector": {"requirements": [{"operator": "In"}]}},
            (
                "[spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified, "
                "spec.resourceAttributes.fieldSelector.requirements[0].values: Required value: must be specified when "
                "`operator` is 'In' or 'NotIn']"
            ),
        ),
        (
            {"labelSelector": {"requirements": [{"key": "a", "operator": "Exists", "values": ["b"]}]}},
            (
                "spec.resourceAttributes.labelSelector.requirements[0].values: Forbidden: may not be specified when "
                "`operator` is 'Exists' or 'DoesNotExist'"
            ),
        ),
    ],
)
def test_selectors_are_validated(selectors, message):
    with pytest.raises(Invalid) as caught:
        AccessReviews(authorizer=Recording()).subject_access(review(**selectors))
    assert caught.value.message == f'.authorization.k8s.io "" is invalid: {message}'


def test_rules_reviews_need_a_namespace_and_admit_what_they_do_not_know():
    reviews = AccessReviews(authorizer=Recording())
    with pytest.raises(BadRequest, match="no namespace on request"):
        reviews.self_subject_rules({"spec": {}}, User("x"))
    assert reviews.self_subject_rules({"spec": {"namespace": "ns"}}, User("x"))["status"] == {
        "resourceRules": [],
        "nonResourceRules": [],
        "incomplete": True,
        "evaluationError": "partly",
    }

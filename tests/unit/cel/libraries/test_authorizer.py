"""Asking for permissions, with an authorizer that remembers what it was asked."""

from __future__ import annotations

import pytest

from steersman.cel import types
from steersman.cel.errors import CostExceeded, EvaluationError
from steersman.cel.libraries.authorizer import Attributes, Authorizer, Decision, resource_check
from steersman.cel.program import Environment, compile_

ENVIRONMENT = Environment(
    {
        "authorizer": Authorizer.cel_type,
        "authorizer.requestResource": types.opaque("kubernetes.authorization.ResourceCheck"),
    }
)


def ask(expression: str) -> tuple[object, list[Attributes]]:
    asked: list[Attributes] = []

    def authorize(attributes: Attributes) -> Decision:
        asked.append(attributes)
        if attributes.verb == "fail":
            return Decision(allowed=False, error="broken")
        return Decision(allowed=attributes.verb == "get", reason="because")

    authorizer = Authorizer(authorize)
    request = resource_check(authorizer, Attributes("", group="apps", resource="deployments", namespace="n", name="d"))
    bindings = {"authorizer": authorizer, "authorizer.requestResource": request}
    return compile_(expression, ENVIRONMENT).evaluate(bindings), asked


def test_a_resource_is_asked_for_with_all_that_was_said() -> None:
    said, asked = ask(
        "authorizer.group('apps').resource('deployments').subresource('scale').namespace('n').name('d')"
        ".fieldSelector('a=b').labelSelector('c').check('get').allowed()"
    )
    assert said is True
    assert asked == [
        Attributes(
            "get", group="apps", resource="deployments", subresource="scale", namespace="n", name="d",
            field_selector="a=b", label_selector="c",
        )
    ]  # fmt: skip


def test_the_resource_of_the_request_is_a_variable_with_a_dot_in_its_name() -> None:
    said, asked = ask("authorizer.requestResource.check('update').reason()")
    assert said == "because"
    assert asked == [Attributes("update", group="apps", resource="deployments", namespace="n", name="d")]


def test_paths_and_service_accounts() -> None:
    said, asked = ask("authorizer.serviceAccount('n', 'robot').path('/healthz').check('get').allowed()")
    assert said is True
    assert asked == [Attributes("get", path="/healthz", service_account=("n", "robot"))]


def test_errors_are_told_apart_from_denials() -> None:
    said, _ = ask("authorizer.path('/x').check('fail').errored() && authorizer.path('/x').check('fail').error() != ''")
    assert said is True


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("authorizer.path(' ')", "path must not be empty"),
        ("authorizer.group('').resource('')", "resource must not be empty"),
        ("authorizer.serviceAccount('n', 'A_')", "Invalid service account name"),
        ("authorizer.serviceAccount('a.b', 'x')", "Invalid service account namespace"),
    ],
)
def test_what_cannot_be_asked(expression: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        ask(expression)


def test_an_expression_asks_twice_at_most() -> None:
    check = "authorizer.path('/x').check('get').allowed()"
    assert ask(f"{check} && {check}")[0] is True
    with pytest.raises(CostExceeded):
        ask(f"{check} && {check} && {check}")

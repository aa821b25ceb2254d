"""Refusals become the exception of their reason, whoever refused, and in whatever form."""

from __future__ import annotations

import pytest

from steersman.api import errors as api
from steersman.client.errors import is_cause, refusal, retry_after_s


def status(**fields):
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}, **fields}


ALL = [
    kind
    for kind in vars(api).values()
    if isinstance(kind, type) and issubclass(kind, api.ApiError) and kind is not api.ApiError
]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_comes_back_as_what_it_was(kind):
    error = kind("why")
    error.details = {"name": "a", "causes": [{"reason": "FieldValueInvalid"}]}
    again = refusal(error.code, error.status())
    assert type(again) is kind
    assert again.status() == error.status()


def test_a_reason_without_a_class_is_kept():
    error = refusal(418, status(reason="Teapot", code=418, message="short and stout"))
    assert type(error) is api.ApiError
    assert (error.code, error.reason, str(error)) == (418, "Teapot", "short and stout")


def test_a_reason_that_is_missing_is_that_of_the_code():
    assert isinstance(refusal(409, status(code=409)), api.Conflict)


@pytest.mark.parametrize(
    ("body", "message"),
    [("no such page", "no such page"), ("", "the server answered 404"), ([1], "the server answered 404")],
)
def test_what_is_no_status_is_judged_by_its_code(body, message):
    error = refusal(404, body)
    assert isinstance(error, api.NotFound)
    assert str(error) == message
    assert refusal(599, body).code == 599


def test_when_to_come_back_stands_in_the_header_or_in_the_status():
    assert retry_after_s(refusal(429, "slow down", 3)) == 3
    assert retry_after_s(refusal(429, status(reason="TooManyRequests", details={"retryAfterSeconds": 5}), 3)) == 5
    assert retry_after_s(refusal(429, "slow down")) is None


def test_causes_are_found():
    error = refusal(403, status(reason="Forbidden", details={"causes": [{"reason": "NamespaceTerminating"}]}))
    assert is_cause(error, "NamespaceTerminating")
    assert not is_cause(error, "Other")
    assert not is_cause(refusal(403, ""), "Other")


def test_where_an_expired_list_may_go_on_is_kept():
    error = refusal(410, status(reason="Expired", metadata={"continue": "t"}))
    assert isinstance(error, api.Expired)
    assert error.list_meta == {"continue": "t"}

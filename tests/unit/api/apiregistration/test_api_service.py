from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apiregistration.api_service import API_SERVICES

SPEC = {"group": "a.b", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10}
SERVICE = {"namespace": "n", "name": "s"}


def test_what_this_server_serves_itself_is_available(judge: Any) -> None:
    made = judge(API_SERVICES).created({"spec": SPEC})
    assert made["status"]["conditions"][0]["reason"] == "Local"
    assert judge(API_SERVICES).cells(made)["Service"] == "Local"
    other = judge(API_SERVICES).created({"spec": SPEC | {"service": SERVICE}})
    assert other["spec"]["service"]["port"] == 443
    assert other["status"] == {}


def test_its_name_says_what_it_is(judge: Any) -> None:
    rule = API_SERVICES.strategy.name_rule
    assert rule is not None
    assert rule({"spec": SPEC})("v1.a.b", False) == []
    assert rule({"spec": SPEC})("x", False) == ['must be `spec.version+"."+spec.group`: "v1.a.b"']
    old = judge(API_SERVICES).created({"metadata": {"name": "v1.a.b"}, "spec": SPEC})
    (error,) = judge(API_SERVICES).update_errors(
        {"metadata": {"name": "v1.a.b"}, "spec": SPEC | {"version": "v2"}}, old
    )
    assert error.startswith('metadata.name: Invalid value: "v1.a.b": must be')


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"group": "", "version": "v2"}, ["spec.group: Required value: only v1 may have an empty group and it better"]),
        ({"versionPriority": 1001}, ["spec.versionPriority: Invalid value: 1001: must be positive and less than 1000"]),
        ({"caBundle": "YWJj"}, ['spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle']),
        (
            {"service": {"name": "s", "port": 0}},
            ["spec.service.namespace: Required value", "spec.service.port: Invalid"],
        ),
        (
            {"service": SERVICE, "caBundle": "YWJj", "insecureSkipTLSVerify": True},
            ["spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present"],
        ),
    ],
)
def test_what_may_be_wrong(judge: Any, changes: dict[str, Any], wrong: list[str]) -> None:
    errors = judge(API_SERVICES).errors({"spec": SPEC | changes})
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))


def test_the_table_tells_why_one_is_not_available(judge: Any) -> None:
    status = {"conditions": [{"type": "Available", "status": "False", "reason": "ServiceNotFound"}]}
    assert judge(API_SERVICES).cells({"metadata": {}, "status": status})["Available"] == "False (ServiceNotFound)"

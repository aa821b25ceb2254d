from __future__ import annotations

import pytest

from steersman.apiserver.authz.rules import compact, covers, describe

GET_PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}


@pytest.mark.parametrize(
    ("held", "wanted", "covered"),
    [
        ({}, {}, True),
        ({"resources": ["*"]}, {"resources": ["pods/log"]}, True),
        ({"resources": ["*/log"]}, {"resources": ["pods/log"]}, True),
        ({"resources": ["pods"]}, {"resources": ["pods/log"]}, False),
        ({"resourceNames": ["a"]}, {}, False),
        ({"resourceNames": ["a", "b"]}, {"resourceNames": ["a"]}, True),
        ({}, {"resourceNames": ["a"]}, True),
        ({"apiGroups": ["apps"]}, {}, False),
        ({"verbs": ["list"]}, {"verbs": ["get"]}, False),
        ({"verbs": ["get", "list"]}, {"verbs": ["*"]}, False),
    ],
)
def test_rules_cover_rules(held, wanted, covered):
    assert (not covers([{**GET_PODS, **held}], [{**GET_PODS, **wanted}])) is covered


def test_paths_cover_paths():
    def uncovered(held, wanted):
        return covers(
            [{"verbs": ["get"], "nonResourceURLs": [held]}], [{"verbs": ["get"], "nonResourceURLs": [wanted]}]
        )

    assert not uncovered("/a/*", "/a/b")
    assert not uncovered("/a/*", "/a/*")
    assert not uncovered("*", "/a")
    assert uncovered("/a", "/a/b")
    assert uncovered("/a/b", "/a/*")


def test_what_is_missing_is_described_compactly():
    wanted = {"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["x"], "resourceNames": ["n"]}
    lines = [describe(rule) for rule in compact(covers([], [wanted, {"verbs": ["get"], "nonResourceURLs": ["/x"]}]))]
    assert lines == [
        '{NonResourceURLs:["/x"], Verbs:["get"]}',
        '{APIGroups:[""], Resources:["x"], ResourceNames:["n"], Verbs:["get" "list"]}',
        '{APIGroups:["apps"], Resources:["x"], ResourceNames:["n"], Verbs:["get" "list"]}',
    ]

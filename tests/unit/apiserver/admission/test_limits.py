from __future__ import annotations

import pytest

from steersman.api.core.pod_resources import amounts
from steersman.apiserver.admission.limits import claim_violations, compile_bounds, violations


def _violations(item, requests=None, limits=None):
    return violations(compile_bounds(item), amounts(requests), amounts(limits))


@pytest.mark.parametrize(
    ("bounds", "given", "text"),
    [
        ({"min": {"cpu": "1"}}, {}, "minimum cpu usage per Container is 1.  No request is specified"),
        ({"min": {"cpu": "1"}}, {"requests": {"cpu": "1m"}}, "minimum cpu usage per Container is 1, but request is 1m"),
        (
            {"min": {"cpu": "1"}},
            {"requests": {"cpu": "1"}, "limits": {"cpu": "500m"}},
            "minimum cpu usage per Container is 1, but limit is 500m",
        ),
        (
            {"max": {"cpu": "1"}},
            {"requests": {"cpu": "1"}},
            "maximum cpu usage per Container is 1.  No limit is specified",
        ),
        ({"max": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, "maximum cpu usage per Container is 1, but limit is 2"),
        (
            {"max": {"cpu": "1"}},
            {"requests": {"cpu": "3"}, "limits": {"cpu": "1"}},
            "maximum cpu usage per Container is 1, but request is 3",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"limits": {"cpu": "1"}},
            "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "1"}},
            "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "1"}, "limits": {"cpu": "2500m"}},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000",
        ),
    ],
)
def test_bounds_of_containers(bounds, given, text):
    assert _violations({"type": "Container", **bounds}, **given) == [text]


def test_all_that_is_wrong_is_told_by_name():
    most = {"memory": "1Mi", "cpu": "1"}
    assert _violations({"type": "Pod", "max": most}) == [
        "maximum cpu usage per Pod is 1.  No limit is specified",
        "maximum memory usage per Pod is 1Mi.  No limit is specified",
    ]


def test_thousandths_count_unless_the_numbers_are_too_large_for_them():
    assert _violations({"type": "Pod", "min": {"cpu": "1001m"}}, {"cpu": "1"})
    large = "9223372036854775807"
    assert _violations({"type": "Pod", "max": {"x": "1500m"}}, {"x": "1600m"}, {"x": "1600m"})
    assert len(_violations({"type": "Pod", "max": {"x": "1"}}, {"x": "1"}, {"x": large})) == 1


def test_claims_have_requests_only():
    bounds = compile_bounds({"type": "PersistentVolumeClaim", "min": {"storage": "2"}, "max": {"storage": "3"}})
    assert claim_violations(bounds, amounts({"storage": "2"})) == []
    assert claim_violations(bounds, amounts({"storage": "4"})) == [
        "maximum storage usage per PersistentVolumeClaim is 3, but request is 4"
    ]
    assert claim_violations(bounds, {}) == [
        "minimum storage usage per PersistentVolumeClaim is 2.  No request is specified",
        "maximum storage usage per PersistentVolumeClaim is 3.  No request is specified",
    ]

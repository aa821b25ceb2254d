from __future__ import annotations

import pytest

from steersman.api.meta import domains


def test_well_formed_names_have_nothing_wrong() -> None:
    assert domains.domain_prefixed_path("f", "acme.io/foo") == []
    assert domains.domain_prefixed_key("f", "acme.io/foo") == []
    assert domains.fully_qualified_name("f", "a.b.c") == []
    assert domains.fully_qualified_domain_name("f", "example.com.") == []


@pytest.mark.parametrize(
    ("rule", "value", "detail"),
    [
        (domains.domain_prefixed_path, "acme", 'must be a domain-prefixed path (such as "acme.io/foo")'),
        (domains.domain_prefixed_key, "acme", 'must be a domain-prefixed key (such as "acme.io/foo")'),
        (domains.fully_qualified_name, "a.b", "should be a domain with at least three segments separated by dots"),
        (domains.fully_qualified_domain_name, "a", "should be a domain with at least two segments separated by dots"),
    ],
)
def test_what_is_missing_is_told(rule, value, detail) -> None:
    assert [error.detail for error in rule("f", value)] == [detail]


def test_nothing_at_all_is_required() -> None:
    for rule in (domains.domain_prefixed_path, domains.domain_prefixed_key, domains.fully_qualified_name):
        assert str(rule("f", "")[0]) == "f: Required value"

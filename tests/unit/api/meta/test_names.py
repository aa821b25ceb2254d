from __future__ import annotations

import random

import pytest

from steersman.api.meta import names


def test_good_names_have_nothing_wrong() -> None:
    assert names.dns1123_label("a-1") == []
    assert names.dns1123_subdomain("a.b-c.d") == []
    assert names.dns1035_label("a1") == []
    assert names.qualified_name("example.com/My_Name") == []
    assert names.label_value("") == []
    assert names.port_name("http-2") == []
    assert names.config_map_key(".dockercfg") == []
    assert names.relaxed_env_var_name("a b") == []


def test_a_label_with_dots_is_told_so() -> None:
    assert names.dns1123_label("a.b") == ["must not contain dots"]


def test_a_bad_label_names_the_rule_examples_and_pattern() -> None:
    (message,) = names.dns1123_label("UPPER")
    assert message.startswith("a lowercase RFC 1123 label must consist of")
    assert message.endswith(
        "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    )


def test_lengths_are_told_in_characters_or_bytes_as_upstream_does() -> None:
    assert names.dns1123_label("a" * 64) == ["must be no more than 63 characters"]
    assert names.label_value("a" * 64) == ["must be no more than 63 bytes"]
    assert names.qualified_name("a" * 64) == ["name part must be no more than 63 bytes"]


def test_length_is_counted_in_bytes() -> None:
    assert "must be no more than 63 bytes" in names.label_value("é" * 32)


def test_a_trailing_newline_does_not_slip_through() -> None:
    assert names.dns1123_label("a\n")
    assert names.label_value("a\n")


def test_qualified_names_say_which_part_is_wrong() -> None:
    assert names.qualified_name("/a") == ["prefix part must be non-empty"]
    assert names.qualified_name("a.b/")[0] == "name part must be non-empty"
    assert "with an optional DNS subdomain prefix" in names.qualified_name("a/b/c")[0]


@pytest.mark.parametrize(
    ("key", "message"), [("..", "must not be '..'"), ("..a", "must not start with '..'"), (".", "must not be '.'")]
)
def test_config_keys_are_no_parent_directories(key, message) -> None:
    assert names.config_map_key(key) == [message]


def test_port_names_follow_iana() -> None:
    assert names.port_name("a--b") == ["must not contain consecutive hyphens"]
    assert names.port_name("12") == ["must contain at least one letter (a-z)"]
    assert names.port_name("-a") == ["must not begin or end with a hyphen"]


def test_path_segments_refuse_only_what_breaks_urls() -> None:
    assert names.path_segment("Bad Name") == []
    assert names.path_segment("..") == ["may not be '..'"]
    assert names.path_segment("a/b%") == ["may not contain '/'", "may not contain '%'"]


def test_a_prefix_may_end_with_a_dash() -> None:
    assert names.name_is_dns_subdomain("web-", True) == []
    assert names.name_is_dns_subdomain("web-", False)


def test_generated_names_are_cut_to_58_and_get_five_random_characters() -> None:
    name = names.generate_name("a" * 100, random.Random(1))
    assert len(name) == 63
    assert set(name[58:]) <= set(names.GENERATED_ALPHABET)
    assert names.generate_name("web-", random.Random(1)) == names.generate_name("web-", random.Random(1))


def test_declared_rules_count_bytes_and_may_allow_any_case() -> None:
    assert names.dns1123_label("a" * 64, unit="bytes") == ["must be no more than 63 bytes"]
    assert names.dns1123_subdomain_caseless("Example.COM") == []
    assert names.dns1123_subdomain_caseless("a" * 254) == ["must be no more than 253 bytes"]
    (message,) = names.dns1123_subdomain_caseless("a_b")
    assert message.startswith("an RFC 1123 subdomain must consist of alphanumeric characters")

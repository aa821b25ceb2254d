from __future__ import annotations

import pytest

from steersman.api.meta.quantity import MAX_INT64, Format, Quantity, canonical, of_milli_value, of_value, parse


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("1000m", "1"), ("0.5", "500m"), ("1.5Gi", "1536Mi"), ("1024Mi", "1Gi"), ("1000Ki", "1000Ki"),
        ("512Mi", "512Mi"), ("0", "0"), ("-0", "0"), ("0Ki", "0"), (".5", "500m"), ("5.", "5."),
        ("12E6", "12E6"), ("1e3", "1e3"), ("1E", "1E"), ("100000000000000000000", "100E"), ("-1.5", "-1500m"),
        (3, "3"), (0.25, "250m"), ("  2 ", "2"),
    ],
)  # fmt: skip
def test_canonical_form_has_the_largest_suffix_and_no_fraction(given, stored) -> None:
    assert canonical(given) == stored


@pytest.mark.parametrize("text", ["+5", "1.500", "007", "9Ki", "2M"])
def test_a_number_that_is_canonical_already_keeps_its_spelling(text) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize(("given", "stored"), [("0.1n", "1n"), ("1e-20", "1e-9"), ("-0.1n", "-1n")])
def test_what_is_finer_than_nano_is_rounded_away_from_zero(given, stored) -> None:
    assert canonical(given) == stored


def test_binary_quantities_are_capped_at_int64_and_decimal_ones_are_not() -> None:
    assert canonical("9Ei") == str(MAX_INT64)
    assert parse("100E").value() == 10**20


def test_a_binary_quantity_with_a_fraction_is_written_as_decimal() -> None:
    assert canonical("1.1Ki") == "1126400m"
    assert canonical("0.0001Ki") == "102400u"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "quantities must match the regular expression"),
        ("abc", "quantities must match the regular expression"),
        ("1.2.3", "quantities must match the regular expression"),
        ("1Kii", "unable to parse quantity's suffix"),
        ("1e", "unable to parse quantity's suffix"),
    ],
)
def test_malformed_quantities_are_refused_in_upstreams_words(text, message) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_value_and_milli_value_round_away_from_zero() -> None:
    assert parse("1500m").value() == 2
    assert parse("-1500m").value() == -2
    assert parse("1u").milli_value() == 1
    assert parse("2Ki").milli_value() == 2_048_000


def test_equality_and_order_are_those_of_the_number() -> None:
    assert parse("1Ki") == parse("1024") == parse("1024000m")
    assert hash(parse("1")) == hash(parse("1000m"))
    assert parse("-1") < parse("0") < parse("1m") < parse("1Ki") < parse("1e99") < parse("1e1000000000")
    assert max(parse("900m"), parse("1")) == Quantity(1)


def test_sums_take_the_format_of_the_left_unless_it_is_zero() -> None:
    assert str(parse("1Gi") + parse("1Gi")) == "2Gi"
    assert str(of_value(0) + parse("1Gi")) == "1Gi"
    assert str(parse("500m") + parse("1.5")) == "2"
    assert str(parse("2Gi") - parse("1Gi")) == "1Gi"
    assert str(of_milli_value(250)) == "250m"
    assert str(of_value(2048, Format.BINARY_SI)) == "2Ki"


def test_huge_exponents_are_never_expanded() -> None:
    huge = parse("1e2000000000")
    assert huge.value() == MAX_INT64
    assert huge + parse("1") == huge

from __future__ import annotations

import pytest

from steersman.api.apps.rolling import amount_value, check_amount, check_at_most_all, scaled_amount


@pytest.mark.parametrize(("amount", "value"), [(3, 3), ("25%", 25), ("7", 7), ("x", 0)])
def test_the_number_in_an_amount(amount, value) -> None:
    assert amount_value(amount) == value


def test_amounts_are_numbers_or_percentages() -> None:
    assert [check_amount(amount, "p") for amount in (0, 3, "0%", "150%")] == [[], [], [], []]
    assert str(check_amount(-1, "p")[0]) == "p: Invalid value: -1: must be greater than or equal to 0"
    assert "a valid percent string must be a numeric string" in str(check_amount("3", "p")[0])


def test_not_more_than_all() -> None:
    assert check_at_most_all("100%", "p") == check_at_most_all(500, "p") == []
    assert str(check_at_most_all("101%", "p")[0]) == 'p: Invalid value: "101%": must not be greater than 100%'


@pytest.mark.parametrize(
    ("amount", "total", "up", "expected"),
    [(3, 10, True, 3), ("25%", 10, True, 3), ("25%", 10, False, 2), ("100%", 7, False, 7), ("0%", 7, True, 0)],
)
def test_a_percentage_is_of_a_total(amount, total, up, expected) -> None:
    assert scaled_amount(amount, total, up=up) == expected

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steersman.api.dra import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.errors import FieldError

LONG = "a" * 64


@pytest.mark.parametrize(
    ("judge", "good", "bad", "reasons"),
    [
        (names.driver_name, "D.test", "", ["Required value"]),
        (names.driver_name, "a" * 63, LONG, ["Too long: may not be more than 63 bytes"]),
        (names.declared_driver_name, "D.test", LONG, ["Too long: may not be more than 63 characters"]),
        (names.pool_name, "a/b.c", "", ["Required value"]),
        (names.declared_pool_name, "a/b.c", "a/", ['Invalid value: "a/": segment 1: must not be empty']),
        (names.attribute_name, "a/b/c", "d.test/", ['Invalid value: "": the name must not be empty']),
        (names.attribute_name, "d.test/a_b", "a" * 33, ["Too long: may not be more than 32 bytes"]),
        (names.declared_fully_qualified, "d.test/a_b", "/a", ['Invalid value: "": prefix must not be empty']),
        (
            names.declared_uuid,
            "01234567-89ab-cdef-0123-456789abcdef",
            "01234567-89AB-cdef-0123-456789abcdef",
            ['Invalid value: "01234567-89AB-cdef-0123-456789abcdef": must be a lowercase UUID in 8-4-4-4-12 format'],
        ),
        (
            names.declared_extended_resource,
            "d.test/gpu",
            "requests.d.test/gpu",
            ['Invalid value: "requests.d.test/gpu": must not have "requests." prefix'],
        ),
    ],
)
def test_each_kind_of_name(
    judge: Callable[[str, str], list[FieldError]], good: str, bad: str, reasons: list[str]
) -> None:
    assert judge(good, "name") == []
    assert [error.body() for error in judge(bad, "name")] == reasons

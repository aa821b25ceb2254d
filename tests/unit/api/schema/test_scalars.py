"""Times, durations and base64 as Go reads and writes them."""

from __future__ import annotations

import pytest

from steersman.api.schema.scalars import canonical_base64, canonical_duration, canonical_microtime, canonical_time

RFC3339 = '"2006-01-02T15:04:05Z07:00"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2001-02-03T04:05:06Z", "2001-02-03T04:05:06Z"),
        ("2001-02-03T04:05:06.999Z", "2001-02-03T04:05:06Z"),
        ("2001-02-03T04:05:06+02:00", "2001-02-03T02:05:06Z"),
        ("2001-02-03T04:05:06,5-23:59", "2001-02-04T04:04:06Z"),
        ("2001-02-03T4:05:06Z", "2001-02-03T04:05:06Z"),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:01Z", "0001-01-01T00:00:01Z"),
    ],
)
def test_a_time_is_utc_with_whole_seconds(text, expected):
    assert canonical_time(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("never", f'parsing time "never" as {RFC3339}: cannot parse "never" as "2006"'),
        ("", f'parsing time "" as {RFC3339}: cannot parse "" as "2006"'),
        (
            "2001-1-03T04:05:06Z",
            f'parsing time "2001-1-03T04:05:06Z" as {RFC3339}: cannot parse "1-03T04:05:06Z" as "01"',
        ),
        ("2001-13-03T04:05:06Z", 'parsing time "2001-13-03T04:05:06Z": month out of range'),
        ("2001-02-30T04:05:06Z", 'parsing time "2001-02-30T04:05:06Z": day out of range'),
        ("2001-02-03T24:05:06Z", 'parsing time "2001-02-03T24:05:06Z": hour out of range'),
        ("2001-02-03 04:05:06Z", f'parsing time "2001-02-03 04:05:06Z" as {RFC3339}: cannot parse " 04:05:06Z" as "T"'),
        ("2001-02-03T04:05:06", f'parsing time "2001-02-03T04:05:06" as {RFC3339}: cannot parse "" as "Z07:00"'),
        ("2001-02-03T04:05:06Zx", 'parsing time "2001-02-03T04:05:06Zx": extra text: "x"'),
        ('é"', f'parsing time "\\xc3\\xa9\\"" as {RFC3339}: cannot parse "\\xc3\\xa9\\"" as "2006"'),
    ],
)
def test_a_time_that_cannot_be_parsed_is_refused_in_gos_words(text, message):
    with pytest.raises(ValueError) as caught:
        canonical_time(text)
    assert str(caught.value) == message


def test_a_microtime_has_six_decimals_in_and_out():
    assert canonical_microtime("2001-02-03T04:05:06.120000+01:00") == "2001-02-03T03:05:06.120000Z"
    with pytest.raises(ValueError, match=r'cannot parse "\.12Z" as "\.000000"'):
        canonical_microtime("2001-02-03T04:05:06.12Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", "1m30s"),
        ("1.5h", "1h30m0s"),
        ("100ms", "100ms"),
        ("0", "0s"),
        ("-1m", "-1m0s"),
        ("1500us", "1.5ms"),
        ("2ns", "2ns"),
    ],
)
def test_a_duration_is_written_as_go_does(text, expected):
    assert canonical_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
        (".s", 'time: invalid duration ".s"'),
    ],
)
def test_a_duration_that_cannot_be_parsed_is_refused_in_gos_words(text, message):
    with pytest.raises(ValueError) as caught:
        canonical_duration(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "expected"), [("", ""), ("YQ==", "YQ=="), ("YR==", "YQ=="), ("YW\nJj", "YWJj"), ("YWI=\n", "YWI=")]
)
def test_base64_is_encoded_anew(text, expected):
    assert canonical_base64(text) == expected


@pytest.mark.parametrize(
    ("text", "at"), [("a", 0), ("!!!!", 0), ("YWI", 0), ("YW=x", 2), ("YQ==YQ==", 4), ("YQ=", 3), ("é", 0)]
)
def test_base64_names_the_byte_that_is_wrong(text, at):
    with pytest.raises(ValueError, match=f"^illegal base64 data at input byte {at}$"):
        canonical_base64(text)

"""String formats of schemas, and numbers as Go prints them."""

from __future__ import annotations

import pytest

from steersman.api.schema.formats import go_number_text, known_format, matches_format


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date-time", "2014-12-15T19:30:20.000Z", "2014-12-15 19:30:20"),
        ("uuid4", "52fdfc07-2182-454f-963f-5f0f9a621d72", "52fdfc07-2182-354f-963f-5f0f9a621d72"),
        ("ipv4", "192.168.0.1", "::1"),
        ("ipv6", "::1", "192.168.0.1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("mac", "01:23:45:67:89:ab", "01:23"),
        ("hostname", "a-b.example.com", "-a.example.com"),
        ("email", "a@example.com", "a"),
        ("email", "A B <a.b@example.com>", "a@b@c"),
        ("uri", "http://example.com/x", "not a uri"),
        ("byte", "YQ==", "YQ"),
        ("duration", "1h30m", "soon"),
        ("isbn", "978-0321751041", "978-0321751042"),
        ("creditcard", "4111-1111-1111-1111", "4111-1111-1111-1112"),
        ("rgbcolor", "rgb(255,255,255)", "rgb(256,0,0)"),
        ("hexcolor", "#FFFFFF", "#GG"),
        ("ssn", "111-11-1111", "1"),
        ("bsonobjectid", "507f1f77bcf86cd799439011", "x"),
        ("k8s-short-name", "my-name", "My-name"),
        ("k8s-long-name", "my-name.example", ".x"),
        ("k8s-short-name", "a" * 63, "a" * 64),
        ("date-time", "2026-01-01T23:59:59+01:00", "2026-01-01T24:00:00Z"),
        ("date", "2024-02-29", "2023-02-29"),
        ("date", "2026-01-01", "20260101"),
        ("ipv4", "010.0.0.1", "10.0.0.256"),
        ("ipv6", "::ffff:1.2.3.4", "fe80::1%eth0"),
        ("cidr", "2001:db8::/32", "10.0.0.0/33"),
        ("mac", "0000.5e00.5301", "00:00:5e-00:53:01"),
        ("uri", "/absolute/path", "http://a/%zz"),
        ("uri", "urn:a:b", "relative"),
        ("uuid", "52FDFC07-2182-654F-963F-5F0F9A621D72", "52fdfc07"),
        ("isbn10", "0-321-75104-3", "0-321-75104-4"),
        ("duration", "3 days", ""),
        ("password", "", None),
    ],
)
def test_formats(name, good, bad):
    assert matches_format(name, good)
    assert bad is None or not matches_format(name, bad)


def test_names_are_compared_without_dashes_and_unknown_ones_are_known_as_such():
    assert known_format("date-time")
    assert known_format("datetime")
    assert not known_format("int32")
    assert not known_format("unheard-of")


def test_numbers_are_printed_as_go_does():
    assert [go_number_text(n) for n in (1, 2.0, 0.5, 1e20, 1e21, 1e-7)] == [
        "1",
        "2",
        "0.5",
        "100000000000000000000",
        "1e+21",
        "1e-07",
    ]

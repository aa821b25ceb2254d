from __future__ import annotations

import pytest

from steersman.lib.url import Url, parse_url


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", Url("", None, "", "", "", "")),
        ("HTTPS://h:8/p?q#f", Url("https", None, "h:8", "/p", "q", "f")),
        ("https://u:p@h", Url("https", "u:p", "h", "", "", "")),
        ("https://u@v@h", Url("https", "u%40v", "h", "", "", "")),
        ("mailto:x", Url("mailto", None, "", "", "", "")),
        ("//[::1]:8/%41", Url("", None, "[::1]:8", "/A", "", "")),
        ("///p", Url("", None, "", "///p", "", "")),
    ],
)
def test_the_parts_of_a_url(text: str, parts: Url) -> None:
    assert parse_url(text) == parts


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (":x", 'parse ":x": missing protocol scheme'),
        ("1a:b", 'parse "1a:b": first path segment in URL cannot contain colon'),
        ("https://h\x01", 'parse "https://h\\x01": net/url: invalid control character in URL'),
        ("https://h:x", 'parse "https://h:x": invalid port ":x" after host'),
        ("https://a b", 'parse "https://a b": invalid character " " in host name'),
        ("https://%41", 'parse "https://%41": invalid URL escape "%41"'),
        ("https://h/%zz", 'parse "https://h/%zz": invalid URL escape "%zz"'),
        ("https://h#%", 'parse "https://h#%": invalid URL escape "%"'),
        ("https://a b@h", 'parse "https://a b@h": net/url: invalid userinfo'),
        ("https://[::1", "parse \"https://[::1\": missing ']' in host"),
        ("https://[1.2.3.4]", 'parse "https://[1.2.3.4]": invalid IP-literal'),
    ],
)
def test_what_is_no_url_and_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="parse") as caught:
        parse_url(text)
    assert str(caught.value) == why

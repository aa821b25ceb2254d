from __future__ import annotations

import pytest

from steersman.api.meta.webhook_client import validate_service, validate_url

FORM = "; desired format: https://host[/path]"


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("https://host/path", []),
        ("http://host", [f"""u: Invalid value: "http": 'https' is the only allowed URL scheme{FORM}"""]),
        ("https://", [f'u: Invalid value: "": host must be specified{FORM}']),
        ("https://a@b", ['u: Invalid value: "a": user information is not permitted in the URL']),
        ("https://b?q", ['u: Invalid value: "q": query parameters are not permitted in the URL']),
        ("https://b#f", ['u: Invalid value: "f": fragments are not permitted in the URL']),
        (":x", [f'u: Required value: url must be a valid URL: parse ":x": missing protocol scheme{FORM}']),
        ("https://a:b", [
            'u: Required value: url must be a valid URL: parse "https://a:b": invalid port ":b" after host' + FORM
        ]),
        ("https://a/%zz", [
            'u: Required value: url must be a valid URL: parse "https://a/%zz": invalid URL escape "%zz"' + FORM
        ]),
    ],
)  # fmt: skip
def test_urls_are_https_with_host_and_path_alone(url: str, wrong: list[str]) -> None:
    assert [str(error) for error in validate_url(url, "u")] == wrong


@pytest.mark.parametrize(
    ("service", "wrong"),
    [
        ({"name": "s", "namespace": "n", "path": "/a/b/"}, []),
        ({"namespace": "n"}, ["s.namespace: Required value"]),
        ({"name": "s", "namespace": "n", "port": 0}, ["s.port: Invalid value: 0: port is not valid: must be between"]),
        ({"name": "s", "namespace": "n", "path": "//"}, ['s.path: Invalid value: "//": segment[0] may not be empty']),
        (
            {"name": "s", "namespace": "n", "path": "a/b"},
            ["s.path: ", 's.path: Invalid value: "a/b": segment[0] may'],
        ),
        ({"name": "s", "namespace": "n", "path": "/A"}, ['s.path: Invalid value: "/A": segment[0]: a lowercase']),
    ],
)
def test_services_have_a_name_and_a_path_of_names(service: dict[str, object], wrong: list[str]) -> None:
    errors = [str(error) for error in validate_service(service, "s")]
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))

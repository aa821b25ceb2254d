"""Named formats: none where a text fits, else what is wrong."""

from __future__ import annotations

FORMATS = r"""
format.dns1123Label().validate('A_')                           => optional(["a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"])
format.dns1123Label().validate('')                             => optional(["a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"])
format.dns1123Subdomain().validate('A_')                       => optional(["a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"])
format.dns1123Subdomain().validate('a.b')                      => none
format.dns1035Label().validate('1a')                           => optional(["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"])
format.qualifiedName().validate('a/b/c')                       => optional(["a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"])
format.qualifiedName().validate('')                            => optional(["name part must be non-empty", "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"])
format.qualifiedName().validate('/b')                          => optional(["prefix part must be non-empty"])
format.qualifiedName().validate('A_/b')                        => optional(["prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"])
format.qualifiedName().validate('a/')                          => optional(["name part must be non-empty", "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"])
format.qualifiedName().validate('-a')                          => optional(["name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"])
format.dns1123LabelPrefix().validate('a-')                     => none
format.dns1123LabelPrefix().validate('a.-')                    => none
format.dns1123SubdomainPrefix().validate('a.b-')               => none
format.dns1123SubdomainPrefix().validate('a.b.-')              => none
format.dns1035LabelPrefix().validate('a-')                     => none
format.dns1035LabelPrefix().validate('-')                      => optional(["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"])
format.labelValue().validate('a b')                            => optional(["a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"])
format.labelValue().validate('')                               => none
format.uri().validate('http://a')                              => none
format.uri().validate('x')                                     => optional(["parse \"x\": invalid URI for request"])
format.uuid().validate('123e4567-e89b-12d3-a456-426614174000') => none
format.uuid().validate('123E4567E89B12D3A456426614174000')     => none
format.uuid().validate('x')                                    => optional(["does not match the UUID format"])
format.byte().validate('aGVsbG8=')                             => none
format.byte().validate('aGVsbG8')                              => optional(["invalid base64"])
format.byte().validate('')                                     => optional(["invalid base64"])
format.byte().validate('####')                                 => optional(["invalid base64"])
format.date().validate('2021-01-01')                           => none
format.date().validate('2021-13-01')                           => optional(["invalid date"])
format.datetime().validate('2021-01-01T00:00:00Z')             => none
format.datetime().validate('2021-01-01 00:00:00')              => optional(["invalid datetime"])
format.datetime().validate('2021-01-01T00:00:00.123+02:00')    => none
format.datetime().validate('2021-01-01')                       => optional(["invalid datetime"])
format.datetime().validate('2021-02-31T00:00:00Z')             => optional(["invalid datetime"])
format.datetime().validate('2021-01-01t00:00:00z')             => none
format.named('dns1123Label').value().validate('x')             => none
format.named('nope').hasValue()                                => false
format.named('uuid') == format.named('uuid')                   => true
format.dns1123Label() == format.dns1123Label()                 => true
"""


def test_formats(said, expression: str, answer: str) -> None:
    assert said(expression) == answer

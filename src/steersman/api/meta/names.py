"""Names, and other words with a grammar: what is wrong with them, as a list of messages (empty: nothing).

Wording is upstream's, including that some rules count "characters" and newer ones "bytes" (apimachinery
pkg/util/validation and pkg/api/validate/content). Length is counted in UTF-8 bytes everywhere, as Go does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

LABEL_MAX = 63
SUBDOMAIN_MAX = 253
KEYS_MAX = 4096
"""Label and annotation keys whose judgement is remembered: there are few, and each is met with every object."""
GENERATED_BASE_MAX = 58
GENERATED_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Without vowels and look-alikes, so that no words appear."""

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_UNDERSCORE = rf"{_LABEL_UNDERSCORE}(\.{_LABEL_UNDERSCORE})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"
_C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_ENV_VAR = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_CONDITION_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"

_LABEL_RE = re.compile(_LABEL)
_SUBDOMAIN_RE = re.compile(_SUBDOMAIN)
_SUBDOMAIN_UNDERSCORE_RE = re.compile(_SUBDOMAIN_UNDERSCORE)
_LABEL_1035_RE = re.compile(_LABEL_1035)
_WILDCARD_RE = re.compile(_WILDCARD)
_KEY_RE = re.compile(_KEY)
_VALUE_RE = re.compile(_VALUE)
_C_IDENTIFIER_RE = re.compile(_C_IDENTIFIER)
_CONFIG_KEY_RE = re.compile(_CONFIG_KEY)
_ENV_VAR_RE = re.compile(_ENV_VAR)
_HEADER_RE = re.compile(_HEADER)
_PERCENT_RE = re.compile(_PERCENT)
_HTTP_PATH_RE = re.compile(_HTTP_PATH)
_CONDITION_REASON_RE = re.compile(_CONDITION_REASON)
_PORT_NAME_RE = re.compile("[-a-z0-9]+")
_LETTER_RE = re.compile("[a-z]")

_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character"
)
_SUBDOMAIN_CASELESS_RULE = (
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character"
)
_SUBDOMAIN_UNDERSCORE_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
    "start and end with an alphanumeric character"
)
_LABEL_1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character"
)
_WILDCARD_RULE = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)
_KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character"
)
_C_IDENTIFIER_RULE = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric "
    "characters or '_'"
)
_CONFIG_KEY_RULE = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
_ENV_VAR_RULE = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not "
    "start with a digit"
)
_RELAXED_ENV_VAR_RULE = (
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
)
_HEADER_RULE = "a valid HTTP header must consist of alphanumeric characters or '-'"
_PERCENT_RULE = "a valid percent string must be a numeric string followed by an ending '%'"
_CONDITION_REASON_RULE = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an alphanumeric character or '_'"
)


def byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def regex_message(rule: str, pattern: str, *examples: str) -> str:
    """Upstream's sentence about a pattern; the two spaces between examples are its own."""
    if not examples:
        return f"{rule} (regex used for validation is '{pattern}')"
    listed = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {listed}regex used for validation is '{pattern}')"


def in_range_message(low: int, high: int) -> str:
    return f"must be between {low} and {high}, inclusive"


def _too_long(limit: int, unit: str = "characters") -> str:
    return f"must be no more than {limit} {unit}"


# --- DNS ---------------------------------------------------------------------------------------------------------


def dns1123_label(value: str, *, unit: str = "characters") -> list[str]:
    matches = _LABEL_RE.fullmatch(value)
    if matches and len(value) <= LABEL_MAX:
        return []
    messages = []
    if byte_length(value) > LABEL_MAX:
        messages.append(_too_long(LABEL_MAX, unit))
    if not matches:
        if _SUBDOMAIN_RE.fullmatch(value):
            messages.append("must not contain dots")
        else:
            messages.append(regex_message(_LABEL_RULE, _LABEL, "my-name", "123-abc"))
    return messages


def dns1123_subdomain(value: str, *, unit: str = "characters") -> list[str]:
    matches = _SUBDOMAIN_RE.fullmatch(value)
    if matches and len(value) <= SUBDOMAIN_MAX:
        return []
    messages = []
    if byte_length(value) > SUBDOMAIN_MAX:
        messages.append(_too_long(SUBDOMAIN_MAX, unit))
    if not matches:
        messages.append(regex_message(_SUBDOMAIN_RULE, _SUBDOMAIN, "example.com"))
    return messages


def dns1123_subdomain_caseless(value: str) -> list[str]:
    """As declared rules word it; the pattern they name is the one of the lower case."""
    messages = []
    if byte_length(value) > SUBDOMAIN_MAX:
        messages.append(_too_long(SUBDOMAIN_MAX, "bytes"))
    if not (value.isascii() and _SUBDOMAIN_RE.fullmatch(value.lower())):
        messages.append(regex_message(_SUBDOMAIN_CASELESS_RULE, _SUBDOMAIN, "Example.com"))
    return messages


def dns1123_subdomain_with_underscore(value: str) -> list[str]:
    messages = []
    if byte_length(value) > SUBDOMAIN_MAX:
        messages.append(_too_long(SUBDOMAIN_MAX))
    if not _SUBDOMAIN_UNDERSCORE_RE.fullmatch(value):
        messages.append(regex_message(_SUBDOMAIN_UNDERSCORE_RULE, _SUBDOMAIN_UNDERSCORE, "example.com"))
    return messages


def wildcard_dns1123_subdomain(value: str) -> list[str]:
    messages = []
    if byte_length(value) > SUBDOMAIN_MAX:
        messages.append(_too_long(SUBDOMAIN_MAX))
    if not _WILDCARD_RE.fullmatch(value):
        messages.append(regex_message(_WILDCARD_RULE, _WILDCARD, "*.example.com"))
    return messages


def dns1035_label(value: str) -> list[str]:
    messages = []
    if byte_length(value) > LABEL_MAX:
        messages.append(_too_long(LABEL_MAX))
    if not _LABEL_1035_RE.fullmatch(value):
        messages.append(regex_message(_LABEL_1035_RULE, _LABEL_1035, "my-name", "abc-123"))
    return messages


# --- Labels and other keys ---------------------------------------------------------------------------------------


def qualified_name(value: str) -> list[str]:
    """A label key: `name` or `dns.prefix/name`."""
    return [*_qualified_name(value)]


@lru_cache(maxsize=KEYS_MAX)
def _qualified_name(value: str) -> list[str]:
    prefix, slash, name = value.partition("/")
    if not slash:
        name = value
    if "/" in name:
        rule = regex_message(_KEY_RULE, _KEY, "MyName", "my.name", "123-abc")
        return [f"a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    messages = []
    if slash:
        if not prefix:
            messages.append("prefix part must be non-empty")
        else:
            messages += [f"prefix part {message}" for message in dns1123_subdomain(prefix, unit="bytes")]
    if not name:
        messages.append("name part must be non-empty")
    elif len(name) > LABEL_MAX or (not name.isascii() and byte_length(name) > LABEL_MAX):
        messages.append(f"name part {_too_long(LABEL_MAX, 'bytes')}")
    if not _KEY_RE.fullmatch(name):
        messages.append(f"name part {regex_message(_KEY_RULE, _KEY, 'MyName', 'my.name', '123-abc')}")
    return messages


def label_value(value: str) -> list[str]:
    matches = _VALUE_RE.fullmatch(value)
    if matches and len(value) <= LABEL_MAX:
        return []
    messages = []
    if byte_length(value) > LABEL_MAX:
        messages.append(_too_long(LABEL_MAX, "bytes"))
    if not matches:
        messages.append(regex_message(_VALUE_RULE, _VALUE, "MyValue", "my_value", "12345"))
    return messages


def config_map_key(value: str) -> list[str]:
    messages = []
    if byte_length(value) > SUBDOMAIN_MAX:
        messages.append(_too_long(SUBDOMAIN_MAX))
    if not _CONFIG_KEY_RE.fullmatch(value):
        messages.append(regex_message(_CONFIG_KEY_RULE, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    return messages + _parent_directory(value)


def env_var_name(value: str) -> list[str]:
    """The strict form, as environment variables made of config map keys need."""
    messages = []
    if not _ENV_VAR_RE.fullmatch(value):
        messages.append(regex_message(_ENV_VAR_RULE, _ENV_VAR, "my.env-name", "MY_ENV.NAME", "MyEnvName1"))
    return messages + _parent_directory(value)


def relaxed_env_var_name(value: str) -> list[str]:
    if not value:
        return ["environment variable name must be non-empty"]
    if not value.isascii() or not value.isprintable() or "=" in value:
        return [_RELAXED_ENV_VAR_RULE]
    return []


def _parent_directory(value: str) -> list[str]:
    if value == ".":
        return ["must not be '.'"]
    if value == "..":
        return ["must not be '..'"]
    if value.startswith(".."):
        return ["must not start with '..'"]
    return []


def c_identifier(value: str) -> list[str]:
    if _C_IDENTIFIER_RE.fullmatch(value):
        return []
    return [regex_message(_C_IDENTIFIER_RULE, _C_IDENTIFIER, "my_name", "MY_NAME", "MyName")]


def condition_reason(value: str) -> list[str]:
    if _CONDITION_REASON_RE.fullmatch(value):
        return []
    examples = ("my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")
    return [regex_message(_CONDITION_REASON_RULE, _CONDITION_REASON, *examples)]


# --- Names of objects --------------------------------------------------------------------------------------------
# The second argument says that the name is only a prefix, to which random characters will be added.


def name_is_dns_subdomain(name: str, prefix: bool = False) -> list[str]:
    return dns1123_subdomain(_mask_trailing_dash(name) if prefix else name)


def name_is_dns_label(name: str, prefix: bool = False) -> list[str]:
    return dns1123_label(_mask_trailing_dash(name) if prefix else name)


def name_is_dns1035_label(name: str, prefix: bool = False) -> list[str]:
    return dns1035_label(_mask_trailing_dash(name) if prefix else name)


def name_is_path_segment(name: str, prefix: bool = False) -> list[str]:
    """Whatever fits into one segment of a URL's path (RBAC kinds)."""
    return path_segment_prefix(name) if prefix else path_segment(name)


def _mask_trailing_dash(name: str) -> str:
    return f"{name[:-2]}a" if len(name) > 1 and name.endswith("-") else name


def path_segment(name: str) -> list[str]:
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return path_segment_prefix(name)


def path_segment_prefix(name: str) -> list[str]:
    return [f"may not contain '{part}'" for part in ("/", "%") if part in name]


def generate_name(base: str, rng: random.Random) -> str:
    """`base`, cut to 58 characters, and five random ones."""
    while byte_length(base) > GENERATED_BASE_MAX:
        base = base[: min(GENERATED_BASE_MAX, len(base) - 1)]
    return base + "".join(rng.choices(GENERATED_ALPHABET, k=5))


# --- Numbers, ports, headers -------------------------------------------------------------------------------------


def port_number(port: int) -> list[str]:
    return [] if 1 <= port <= 65535 else [in_range_message(1, 65535)]


def port_name(value: str) -> list[str]:
    """An IANA service name (RFC 6335)."""
    messages = []
    if byte_length(value) > 15:
        messages.append(_too_long(15))
    if not _PORT_NAME_RE.fullmatch(value):
        messages.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _LETTER_RE.search(value):
        messages.append("must contain at least one letter (a-z)")
    if "--" in value:
        messages.append("must not contain consecutive hyphens")
    if value and (value[0] == "-" or value[-1] == "-"):
        messages.append("must not begin or end with a hyphen")
    return messages


def user_id(value: int) -> list[str]:
    return [] if 0 <= value <= 2147483647 else [in_range_message(0, 2147483647)]


group_id = user_id


def percent(value: str) -> list[str]:
    return [] if _PERCENT_RE.fullmatch(value) else [regex_message(_PERCENT_RULE, _PERCENT, "1%", "93%")]


def http_header_name(value: str) -> list[str]:
    return [] if _HEADER_RE.fullmatch(value) else [regex_message(_HEADER_RULE, _HEADER, "X-Header-Name")]


def http_path(value: str) -> list[str]:
    return [] if _HTTP_PATH_RE.fullmatch(value) else [regex_message("Invalid path", _HTTP_PATH)]

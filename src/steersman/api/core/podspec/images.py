"""Image references, as far as defaulting must understand them."""

from __future__ import annotations

import re

_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN_RE = re.compile(_DOMAIN)
_REMAINDER_RE = re.compile(
    rf"(?P<path>{_PATH_PART}(?:/{_PATH_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_HEX_64 = re.compile("[a-f0-9]{64}")
_ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128}
_PATH_MAX = 255


def image_tag(image: str) -> str:
    """The tag of a reference; `latest` when it has neither tag nor digest; empty when it cannot be read."""
    if _HEX_64.fullmatch(image):
        return ""  # looks like an image id, which is no name
    domain, remainder = _split_domain(image)
    match = _REMAINDER_RE.fullmatch(remainder)
    if match is None or not _DOMAIN_RE.fullmatch(domain) or not _digest_is_known(match["digest"]):
        return ""
    if len(match["path"]) > _PATH_MAX:
        return ""
    return match["tag"] or ("" if match["digest"] else "latest")


def _split_domain(image: str) -> tuple[str, str]:
    """Docker Hub's short names get their domain, and `library/` where they have no owner."""
    head, slash, rest = image.partition("/")
    is_domain = slash and (any(char in head for char in ".:") or head == "localhost" or head != head.lower())
    if is_domain and head not in ("docker.io", "index.docker.io"):
        return head, rest
    name = rest if is_domain else image
    return "docker.io", name if "/" in name else f"library/{name}"


def _digest_is_known(digest: str | None) -> bool:
    if digest is None:
        return True
    algorithm, _, value = digest.partition(":")
    return _ALGORITHMS.get(algorithm) == len(value)


def default_pull_policy(image: str) -> str:
    return "Always" if image_tag(image) == "latest" else "IfNotPresent"

"""Which kinds exist at all: the words of the refusal of a body of another kind than the path's."""

from __future__ import annotations

_META = frozenset(
    {"CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions", "WatchEvent"}
)
_INTERNAL = {
    "": "core",
    "apiregistration.k8s.io": "apiregistration",
    "apiextensions.k8s.io": "apiextensions",
}
_SCHEME = 'scheme "pkg/runtime/scheme.go:111"'


class Kinds:
    """Knows the built-in kinds, given as (group, version, kind)."""

    def __init__(self, known: frozenset[tuple[str, str, str]]) -> None:
        self._known = known

    def mismatch(self, api_version: str, kind: str, group: str, expected_kind: str) -> str:
        """Why an object of another kind cannot be taken, as upstream's conversion says it."""
        found_group, _, version = api_version.rpartition("/")
        if (found_group, version, kind) in self._known or (version == "v1" and kind in _META):
            target = _INTERNAL.get(group, group.split(".", maxsplit=1)[0])
            return f"converting ({version}.{kind}) to ({target}.{expected_kind}): unknown conversion"
        return f'no kind "{kind}" is registered for version "{api_version}" in {_SCHEME}'

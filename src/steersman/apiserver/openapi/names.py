"""Names that clients see: definitions, operations and tags."""

from __future__ import annotations

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
VERSION_INFO = "io.k8s.apimachinery.pkg.version.Info"
_ELSEWHERE = {
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
    "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration",
}


def definition_name(group: str, version: str, kind: str) -> str:
    """The definition of a built-in kind: `io.k8s.api.apps.v1.Deployment`."""
    package = _ELSEWHERE.get(group) or f"io.k8s.api.{group.partition('.')[0] or 'core'}"
    return f"{package}.{version}.{kind}"


def custom_definition_name(group: str, version: str, kind: str) -> str:
    """The definition of a custom kind: its group turned around, as `com.example.v1.Widget`."""
    return f"{'.'.join(reversed(group.split('.')))}.{version}.{kind}"


def identifier(text: str, *, capital: bool) -> str:
    """`text` without punctuation, in camel case."""
    out = []
    for position, char in enumerate(text):
        if char.isalpha() or char == "_" or (position and char.isdigit()):
            out.append(char.upper() if capital else char)
            capital = False
        else:
            capital = True
    return "".join(out)


def operation_id(verb: str, group: str, version: str, rest: str) -> str:
    """`createCoreV1NamespacedPod`: the verb, where the operation is, and what it is about."""
    where = identifier((group or "core").removesuffix(".k8s.io"), capital=True)
    return verb + where + identifier(version, capital=True) + identifier(rest, capital=True)


def tag(group: str, version: str = "") -> str:
    """`core_v1`, `apps`."""
    name = identifier((group or "core").removesuffix(".k8s.io"), capital=False)
    return f"{name}_{identifier(version, capital=False)}" if version else name

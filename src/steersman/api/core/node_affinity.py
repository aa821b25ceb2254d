"""Which nodes a pod may, and would rather, run on: its node selector and node affinity, compiled. Pure.

Invariants: terms are alternatives, the requirements of a term are not; a term without requirements matches no node, nor
does one that cannot be understood (validation keeps those away; old objects may hold them).
Upstream: component-helpers scheduling/corev1/nodeaffinity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from steersman.api.meta.labels import Requirement, requirement_errors, selector_of, selector_of_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from steersman.api.meta.types import Object

    NodePredicate: TypeAlias = Callable[[Object], bool]

_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt"}
_NAME = "metadata.name"
"""The only field of a node that can be asked for; any other is the empty text."""


def compile_node_selector(selector: Object) -> NodePredicate:
    """Of a NodeSelector (`nodeSelectorTerms`), as persistent volumes and required affinity have it."""
    terms = [_compile_term(term) for term in selector.get("nodeSelectorTerms") or ()]
    return lambda node: any(term(node) for term in terms)


def compile_required(pod_spec: Object) -> NodePredicate:
    """What the spec of a pod, or of a template, asks of a node: spec.nodeSelector and required node affinity."""
    labels = pod_spec.get("nodeSelector")
    by_labels = selector_of_labels(labels).matches if labels else None
    affinity = (pod_spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    by_affinity = compile_node_selector(required) if required is not None else None

    def matches(node: Object) -> bool:
        if by_labels is not None and not by_labels(_labels(node)):
            return False
        return by_affinity is None or by_affinity(node)

    return matches


def compile_preferred(terms: Iterable[Object]) -> Callable[[Object], int]:
    """Of PreferredSchedulingTerms: the sum of the weights of those that match a node."""
    weighted = [(term.get("weight") or 0, _compile_term(term.get("preference") or {})) for term in terms]
    return lambda node: sum(weight for weight, matches in weighted if weight and matches(node))


def target_node(pod_spec: Object) -> str | None:
    """The one node that required affinity names (In, `metadata.name`): the first that any term does."""
    affinity = (pod_spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field.get("key") == _NAME and field.get("operator") == "In":
                values = field.get("values") or []
                return values[0] if len(values) == 1 else None
    return None


def only_on(affinity: Object | None, node: str) -> Object:
    """`affinity` with required node affinity that names `node` in place of what it had."""
    term = {"matchFields": [{"key": _NAME, "operator": "In", "values": [node]}]}
    wanted = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    given = affinity or {}
    return given | {"nodeAffinity": (given.get("nodeAffinity") or {}) | wanted}


def _compile_term(term: Object) -> NodePredicate:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return _never
    requirements = _label_requirements(expressions)
    wanted = _names(fields)
    if requirements is None or wanted is None:
        return _never
    by_labels = selector_of(requirements).matches

    def matches(node: Object) -> bool:
        if not by_labels(_labels(node)):
            return False
        name = node["metadata"]["name"]
        return all((name == value if key == _NAME else value == "") is equal for key, value, equal in wanted)

    return matches


def _label_requirements(expressions: Sequence[Object]) -> list[Requirement] | None:
    """None if one of them is none."""
    requirements = []
    for expression in expressions:
        operator = _OPERATORS.get(expression.get("operator", ""))
        key, values = expression.get("key", ""), tuple(expression.get("values") or ())
        if operator is None or requirement_errors(key, operator, values):
            return None
        requirements.append(Requirement(key, operator, values))
    return requirements


def _names(fields: Sequence[Object]) -> list[tuple[str, str, bool]] | None:
    """Field, value, and whether it must or must not be; None if one of them is none."""
    wanted = []
    for field in fields:
        values = field.get("values") or []
        if field.get("operator") not in ("In", "NotIn") or len(values) != 1:
            return None
        wanted.append((field.get("key", ""), values[0], field["operator"] == "In"))
    return wanted


def _labels(node: Object) -> dict[str, str]:
    labels: dict[str, str] = node["metadata"].get("labels") or {}
    return labels


def _never(_node: Object) -> bool:
    return False

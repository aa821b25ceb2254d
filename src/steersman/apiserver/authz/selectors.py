"""Selectors as authorizers see them: terms that all must hold."""

from __future__ import annotations

from steersman.api.meta.fields import parse_field_selector
from steersman.api.meta.labels import parse_selector
from steersman.apiserver.authz.attributes import Requirement


def field_requirements(text: str) -> tuple[Requirement, ...]:
    """Of a field selector in text form. Raises ValueError; a request then counts as one without selector."""
    return tuple(
        Requirement(term.field, "=" if term.equal else "!=", (term.value,))
        for term in parse_field_selector(text).requirements
    )


def label_requirements(text: str) -> tuple[Requirement, ...]:
    """Of a label selector in text form. Raises ValueError; a request then counts as one without selector."""
    return tuple(Requirement(term.key, term.operator, term.values) for term in parse_selector(text).requirements)

"""The 403 of a request that was not allowed, in upstream's words: clients and people match on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import Forbidden, go_quote

if TYPE_CHECKING:
    from steersman.apiserver.authz.attributes import Attributes

_SANITIZED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
NO_SNIFF = (("X-Content-Type-Options", "nosniff"),)
"""A header of every answer that comes before routing."""


def describe_refusal(attributes: Attributes) -> str:
    """`User "x" cannot list resource "pods" in API group "" in the namespace "y"`."""
    user = go_quote(attributes.user.name)
    if not attributes.is_resource:
        return f"User {user} cannot {attributes.verb} path {go_quote(attributes.path)}"
    resource = attributes.resource
    if attributes.subresource:
        resource = f"{resource}/{attributes.subresource}"
    scope = f"in the namespace {go_quote(attributes.namespace)}" if attributes.namespace else "at the cluster scope"
    group = go_quote(attributes.group)
    return f"User {user} cannot {attributes.verb} resource {go_quote(resource)} in API group {group} {scope}"


def forbidden(attributes: Attributes, reason: str = "") -> Forbidden:
    """The error to answer with; `reason` is the decision's."""
    message = describe_refusal(attributes).translate(_SANITIZED)
    if reason:
        message = f"{message}: {reason}"
    error = Forbidden.of(attributes.group, attributes.resource, attributes.name, message)
    error.headers = NO_SNIFF
    return error

"""(group, resource, subresource) -> who serves it. An empty subresource is the resource itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.apiserver.app import Connector


def connectors() -> dict[tuple[str, str, str], Connector]:
    """Every connector, constructed."""
    return {}

"""The order of admission, upstream's: what changes objects, then what judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.namespace_lifecycle import NamespaceLifecycle

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Plugin
    from steersman.apiserver.authz.attributes import Authorizer
    from steersman.apiserver.authz.rbac import RBAC
    from steersman.apiserver.reader import CacheReader


def chain(*, reader: CacheReader, authorizer: Authorizer, rbac: RBAC) -> Chain:  # noqa: ARG001
    """Every plugin, constructed."""
    mutating: tuple[Plugin, ...] = (
        # First: what has no place to be need not be looked at further.
        NamespaceLifecycle(reader=reader),
    )
    validating: tuple[Plugin, ...] = ()
    return Chain(mutating=mutating, validating=validating)

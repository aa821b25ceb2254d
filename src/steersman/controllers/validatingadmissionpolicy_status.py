"""validatingadmissionpolicy_status: the status of a ValidatingAdmissionPolicy says what is wrong with its expressions.

Reads: validating admission policies. Writes: validating admission policies (status: patch).
Invariants: each generation is checked once; the status names the generation that it is about.
Upstream differences: expressions are checked by whoever is given for it; without one nothing is found in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.admissionregistration.validating_admission_policy import VALIDATING_ADMISSION_POLICIES
from steersman.api.errors import NotFound
from steersman.client.request import PatchType
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.request import Key
    from steersman.controllers.base import Tools

TypeCheck = Callable[["Object"], list[tuple[str, str]]]
"""The (field path, warning) pairs of a policy's expressions."""


def unchecked(_policy: Object) -> list[tuple[str, str]]:
    """Finds nothing."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChecking:
    """What this controller is given."""

    check: TypeCheck = unchecked


class ValidatingAdmissionPolicyStatus(Controller):
    """See the module."""

    name = "validatingadmissionpolicy_status"
    account = "validatingadmissionpolicy-status-controller"
    reads = (VALIDATING_ADMISSION_POLICIES,)
    writes = (Writes(VALIDATING_ADMISSION_POLICIES, ("patch",), subresource="status"),)

    def __init__(self, tools: Tools, *, settings: PolicyChecking | None = None) -> None:
        self._check = (settings or PolicyChecking()).check
        super().__init__(tools)

    def setup(self) -> None:
        self.on(VALIDATING_ADMISSION_POLICIES)

    async def reconcile(self, key: Key) -> None:
        applied = plan(self.view.get(VALIDATING_ADMISSION_POLICIES, key), check=self._check)
        if applied is None:
            return
        try:
            await self.client.patch(
                VALIDATING_ADMISSION_POLICIES, key, applied, kind=PatchType.APPLY, subresource="status", force=True
            )
        except NotFound:
            return


def plan(policy: Object | None, *, check: TypeCheck) -> Object | None:
    """What to apply to the status; None if this generation has been checked."""
    if policy is None:
        return None
    metadata, status = policy["metadata"], policy.get("status") or {}
    if metadata.get("generation", 0) <= status.get("observedGeneration", 0):
        return None
    warnings = [{"fieldRef": path, "warning": warning} for path, warning in check(policy)]
    return {
        "apiVersion": VALIDATING_ADMISSION_POLICIES.api_version,
        "kind": VALIDATING_ADMISSION_POLICIES.kind,
        "metadata": {"name": metadata["name"]},
        "status": {
            "observedGeneration": metadata["generation"],
            "typeChecking": {"expressionWarnings": warnings} if warnings else {},
        },
    }

"""ResourceQuota: what a namespace has in all stays within its quotas.

Reads: resourcequotas, deviceclasses, resourceclaims, pods. Writes: the status of resourcequotas, through the pipeline.
Judges: CREATE of everything in a namespace; UPDATE of what can use more than before.
Invariants: charged before it is stored, and given back if it is not; dry runs are checked and not charged; a namespace
without quotas costs one look-up.
Upstream differences: quotas are looked at in the order of their names (there: in no order); what a failed write was
charged is given back at once (there: when the quota's controller measures anew).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod_resources import Amounts
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.quota.quota import Quota, compile_quota, difference, excess
from steersman.api.quota.registry import Meters
from steersman.apiserver.admission.interface import CREATE, UPDATE, Plain

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from steersman.api.meta.types import Object
    from steersman.api.quota.meters import Counter
    from steersman.apiserver.admission.interface import Reader, Review
    from steersman.apiserver.admission.resource_quota.ledger import Ledger

Charge = tuple[Quota, Amounts]


class ResourceQuota(Plain):
    """Last of all: nothing refuses any more what is charged here."""

    name = "ResourceQuota"

    def __init__(self, *, reader: Reader, ledger: Ledger) -> None:
        self._reader = reader
        self._ledger = ledger
        self._version = -1
        self._compiled: dict[str, tuple[Quota, ...]] = {}
        self._meters = Meters(lookup=reader)

    def validate(self, review: Review) -> Awaitable[None] | None:
        if not review.namespace or review.operation not in (CREATE, UPDATE):
            return None
        quotas = self._quotas(review.namespace)
        if not quotas or review.obj is None:
            return None
        meter = self._meters.of(review.resource.group, review.resource.plural)
        if meter is None or not meter.handles(review):
            return None
        charges = compute_charges(review, review.obj, quotas, meter)
        return self._charge(review, charges) if charges and not review.dry_run else None

    async def _charge(self, review: Review, charges: list[Charge]) -> None:
        namespace = review.namespace
        for quota, requested in charges:
            checked = review.subresource != "status"
            refusal = await self._ledger.charge(namespace, quota.name, requested, checked=checked)
            if refusal:
                raise review.forbidden(refusal)

            async def give_back(name: str = quota.name, requested: Amounts = requested) -> None:
                await self._ledger.give_back(namespace, name, requested)

            review.undo.append(give_back)

    def _quotas(self, namespace: str) -> tuple[Quota, ...]:
        version = self._reader.version(RESOURCE_QUOTAS)
        if version != self._version:
            self._version = version
            self._compiled.clear()
        found = self._compiled.get(namespace)
        if found is None:
            found = tuple(map(compile_quota, self._reader.list(RESOURCE_QUOTAS, namespace)))
            self._compiled[namespace] = found
        return found


def compute_charges(review: Review, obj: Object, quotas: tuple[Quota, ...], meter: Counter) -> list[Charge]:
    """What each quota is to be charged. Raises Forbidden if an object does not say enough or asks for too much."""
    concerned: list[tuple[Quota, frozenset[str]]] = []
    for quota in quotas:
        metered = meter.matching(quota.hard)
        if not metered or not all(meter.in_scope(scope, obj) for scope in quota.scopes):
            continue
        if missing := meter.missing(metered, obj):
            raise review.forbidden(f"failed quota: {quota.name}: {missing}")
        if not metered <= quota.used.keys():
            raise review.forbidden(f"status unknown for quota: {quota.name}, resources: {','.join(sorted(metered))}")
        concerned.append((quota, metered))
    if not concerned:
        return []
    usage = meter.usage(obj, review.now)
    negative = sorted(name for name, amount in usage.items() if amount.sign < 0)
    if negative:
        raise review.forbidden(f"quota usage is negative for resource(s): {','.join(negative)}")
    more = usage
    if review.operation == UPDATE and review.old is not None:
        more = difference(usage, meter.usage(review.old, review.now))
    charges: list[Charge] = []
    for quota, _ in concerned:
        counted_before = (
            review.operation == UPDATE
            and review.old is not None
            and all(meter.in_scope(scope, review.old) for scope in quota.scopes)
        )
        delta = more if counted_before else usage
        requested = {name: amount for name, amount in delta.items() if amount.sign > 0 and name in quota.hard}
        if not requested:
            continue
        if review.subresource != "status" and (refusal := excess(quota.name, quota.hard, quota.used, requested)):
            raise review.forbidden(refusal)
        charges.append((quota, requested))
    return charges

from __future__ import annotations

import random

from steersman.apiserver.admission.catalog import chain
from steersman.apiserver.admission.webhook.match_conditions import Unevaluated
from steersman.apiserver.admission.webhook.metrics import WebhookMetrics
from steersman.apiserver.admission.webhook.plugin import WebhookParts
from steersman.lib.metrics import Registry

from .shelf import Shelf

LATER = frozenset(
    [
        "MutatingAdmissionPolicy",
        "ValidatingAdmissionPolicy",
        "PodGroupProtection",
    ]
)
"""Not built yet, or part of what is off by default."""


def test_the_order_is_upstreams(shared):
    lines = (shared / "reference" / "admission_order.txt").read_text().splitlines()
    passes = {line.partition(":")[0]: line.partition(":")[2].split() for line in lines if not line.startswith("#")}
    webhooks = WebhookParts(
        reader=Shelf(),
        resources=None,
        client=None,
        conditions=Unevaluated(),
        metrics=WebhookMetrics(registry=Registry()),
        new_uid=str,
    )
    made = chain(reader=Shelf(), authorizer=None, ledger=None, rng=random.Random(1), webhooks=webhooks)
    for name, plugins in (("mutating", made._mutating.every), ("validating", made._validating.every)):
        wanted = [plugin for plugin in passes[name] if plugin not in LATER]
        assert [plugin.name for plugin in plugins] == wanted

"""Old tokens that nobody uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.core.pod import PODS
from steersman.api.core.secret import SECRETS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.client.request import Key
from steersman.controllers.legacy_serviceaccount_token_cleaner import (
    INVALID_SINCE,
    LAST_USED,
    ROUND_S,
    Delete,
    Invalidate,
    LegacyServiceAccountTokenCleaner,
    is_tracked_long_enough,
    plan,
)
from steersman.lib.clock import ManualClock

from .objects import meta

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TYPE = "kubernetes.io/service-account-token"
ACCOUNT = {"metadata": meta("sa"), "secrets": [{"name": "t"}]}


def secret(*, created="2024-01-01T00:00:00Z", uid="uid-sa", labels=None, **more):
    annotations = {"kubernetes.io/service-account.name": "sa", "kubernetes.io/service-account.uid": uid}
    metadata = meta("t", annotations=annotations, labels=labels or {}, **more.pop("metadata", {}))
    return {"metadata": metadata | {"creationTimestamp": created}, "type": TYPE, **more}


def test_a_token_that_nobody_uses_is_marked_and_deleted_a_year_later():
    assert plan(secret(), ACCOUNT, now=NOW) == Invalidate("2026-06-01")
    assert plan(secret(labels={LAST_USED: "2025-05-31"}), ACCOUNT, now=NOW) == Invalidate("2026-06-01")
    assert plan(secret(labels={INVALID_SINCE: "rubbish"}), ACCOUNT, now=NOW) == Invalidate("2026-06-01")
    assert plan(secret(labels={INVALID_SINCE: "2025-06-01"}), ACCOUNT, now=NOW) is None
    assert plan(secret(labels={INVALID_SINCE: "2025-05-31"}), ACCOUNT, now=NOW) == Delete()


@pytest.mark.parametrize(
    "kept",
    [
        secret(created="2025-06-02T00:00:00Z"),
        secret(labels={LAST_USED: "2025-06-01"}),
        secret(labels={LAST_USED: "rubbish"}),
        secret(type="Opaque"),
        secret(uid="uid-former"),
        secret(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}),
    ],
)
def test_others_are_left_alone(kept):
    assert plan(kept, ACCOUNT, now=NOW) is None


def test_only_generated_tokens_are_meant():
    assert plan(secret(), None, now=NOW) is None
    assert plan(secret(), {"metadata": meta("sa")}, now=NOW) is None


@pytest.mark.parametrize(
    ("since", "enough"), [("2025-05-31", True), ("2025-06-01", False), ("x", False), (None, False)]
)
def test_use_must_have_been_tracked_for_a_year(since, enough):
    assert is_tracked_long_enough({"data": {"since": since} if since else {}}, now=NOW) is enough


@pytest.mark.virtual_time
async def test_a_round_spares_what_pods_use(bench):
    references = [{"name": "t"}, {"name": "used"}]
    await bench.client.create(
        SERVICE_ACCOUNTS, {"metadata": {"namespace": "default", "name": "sa"}, "secrets": references}
    )
    for name in ("t", "used"):
        annotations = {"kubernetes.io/service-account.name": "sa"}
        metadata = {"namespace": "default", "name": name, "annotations": annotations}
        await bench.client.create(SECRETS, {"metadata": metadata, "type": TYPE})
    spec = {
        "serviceAccountName": "sa",
        "containers": [{"name": "c", "image": "i"}],
        "volumes": [{"name": "v", "secret": {"secretName": "used"}}],
    }
    await bench.client.create(PODS, {"metadata": {"namespace": "default", "name": "p"}, "spec": spec})
    controller = await bench.start(LegacyServiceAccountTokenCleaner)

    async def round_after(days):
        # Two years of watches would take long, even in virtual time.
        controller.clock = ManualClock(start=bench.clock.now() + timedelta(days=days))
        await bench.settle(ROUND_S)

    await round_after(366)
    marked = await bench.client.get(SECRETS, Key("default", "t"))
    assert INVALID_SINCE in marked["metadata"]["labels"]
    assert "labels" not in (await bench.client.get(SECRETS, Key("default", "used")))["metadata"]
    await round_after(366 * 2)
    left = await bench.client.list(SECRETS, namespace="default")
    assert [each["metadata"]["name"] for each in left["items"]] == ["used"]

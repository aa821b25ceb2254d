"""Clients of the own API server are who their certificates say."""

from __future__ import annotations

import random

import pytest

from steersman.api.authentication.self_subject_review import SELF_SUBJECT_REVIEWS
from steersman.cluster.local_clients import LocalClients


@pytest.mark.virtual_time
async def test_a_client_is_who_it_is_asked_to_be(open_api, pki):
    async with open_api(certificates=True) as api:
        clients = LocalClients(handler=api.parts.application.handle, issuer=pki, clock=api.clock, rng=random.Random(1))
        client = clients.client("system:kube-scheduler", ("some",))
        review = await client.create(SELF_SUBJECT_REVIEWS, {"kind": "SelfSubjectReview"})
        assert review["status"]["userInfo"]["username"] == "system:kube-scheduler"
        assert set(review["status"]["userInfo"]["groups"]) == {"some", "system:authenticated"}
        await clients.close()

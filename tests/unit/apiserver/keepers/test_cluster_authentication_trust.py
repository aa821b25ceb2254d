"""Extension servers find out whom they may believe, whoever changes the ConfigMap that says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver.keepers.cluster_authentication_trust import (
    CLIENT_CA,
    NAME,
    PROXY_CA,
    ClusterAuthenticationTrust,
    Trust,
    plan_trust,
)
from steersman.cluster.issue import issue_authority
from steersman.testing.virtual_time import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from steersman.cluster.pki import PKI

pytestmark = pytest.mark.virtual_time
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATH = f"/api/v1/namespaces/kube-system/configmaps/{NAME}"
MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture(scope="session")
def trust(pki: PKI) -> Trust:
    return Trust(client_ca_pem=pki.ca_pem(), front_proxy_ca_pem=pki.front_proxy_ca_pem())


def authority(*, ends_in: timedelta) -> str:
    pem, _ = issue_authority("other", not_before=NOW - timedelta(days=2), not_after=NOW + ends_in)
    return pem.decode()


def test_everything_that_an_extension_server_needs_is_there(trust: Trust) -> None:
    assert plan_trust({}, trust, now=NOW) == {
        CLIENT_CA: trust.client_ca_pem,
        PROXY_CA: trust.front_proxy_ca_pem,
        "requestheader-username-headers": '["X-Remote-User"]',
        "requestheader-uid-headers": '["X-Remote-Uid"]',
        "requestheader-group-headers": '["X-Remote-Group"]',
        "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
        "requestheader-allowed-names": '["front-proxy-client"]',
    }


def test_without_a_front_proxy_there_is_nothing_to_say_about_its_headers(trust: Trust) -> None:
    assert set(plan_trust({}, Trust(client_ca_pem=trust.client_ca_pem), now=NOW)) == {CLIENT_CA}


def test_what_others_added_stays_until_it_ends(trust: Trust) -> None:
    current, ended = authority(ends_in=timedelta(days=1)), authority(ends_in=timedelta(minutes=-6))
    there = {CLIENT_CA: current + ended, "requestheader-allowed-names": '["other","front-proxy-client"]', PROXY_CA: "x"}
    found = plan_trust(there, trust, now=NOW)
    assert found[CLIENT_CA] == current + trust.client_ca_pem
    assert found["requestheader-allowed-names"] == '["other","front-proxy-client"]'
    assert found[PROXY_CA] == trust.front_proxy_ca_pem
    assert plan_trust(found, trust, now=NOW) == found


def test_what_cannot_be_read_is_put_right(trust: Trust) -> None:
    broken = {CLIENT_CA: "-----BEGIN", "requestheader-group-headers": "{", "requestheader-uid-headers": "7", "x": "y"}
    assert plan_trust(broken, trust, now=NOW) == plan_trust({}, trust, now=NOW)


@pytest.fixture
async def kept(api: Any, trust: Trust) -> AsyncIterator[Any]:
    parts = api.parts
    keeper = ClusterAuthenticationTrust(
        resources=parts.service.resources,
        reader=parts.reader,
        pipeline=parts.service.pipeline,
        identifiers=parts.service.identifiers,
        trust=trust,
    )
    await keeper.start()
    await settle()
    yield api
    await keeper.stop()


async def data(api: Any) -> dict[str, str]:
    await settle()
    return dict((await api.ask("GET", PATH)).json()["data"])


async def test_it_is_put_right_after_every_change(kept: Any, trust: Trust) -> None:
    expected = plan_trust({}, trust, now=NOW)
    assert await data(kept) == expected
    await kept.ask("PATCH", PATH, {"data": {CLIENT_CA: None, "requestheader-uid-headers": "[]"}}, headers=MERGE)
    assert await data(kept) == expected
    await kept.ask("DELETE", PATH)
    assert await data(kept) == expected


async def test_what_is_right_is_not_written_again(kept: Any) -> None:
    await kept.ask("PATCH", PATH, {"metadata": {"labels": {"a": "b"}}}, headers=MERGE)
    await settle()
    found = (await kept.ask("GET", PATH)).json()
    assert [entry["manager"] for entry in found["metadata"]["managedFields"]].count("kube-apiserver") == 1
    version = found["metadata"]["resourceVersion"]
    other = {"metadata": {"name": "other"}}
    await kept.ask("POST", "/api/v1/namespaces/kube-system/configmaps", other)
    await settle()
    assert (await kept.ask("GET", PATH)).json()["metadata"]["resourceVersion"] == version


async def test_a_server_without_authorities_says_nothing(api: Any) -> None:
    assert (await api.ask("GET", PATH)).status == 404

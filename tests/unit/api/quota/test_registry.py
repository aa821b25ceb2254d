"""Which meter counts what."""

from __future__ import annotations

from steersman.api.quota.registry import Meters, counted


class Nothing:
    def get(self, resource, namespace, name):
        return None

    def list(self, resource, namespace=""):
        return []

    def version(self, resource):
        return 0


def test_names_of_counts():
    assert counted("count/deployments.apps") == ("apps", "deployments")
    assert counted("count/pods") == ("", "pods")
    assert counted("pods") is None


def test_only_the_meters_that_a_quota_needs():
    meters = Meters(lookup=Nothing())
    names = ("requests.cpu", "count/deployments.apps", "secrets", "count/pods", "count/events", "nonsense")
    assert [kind for kind, _ in meters.needed(names)] == [("", "pods"), ("", "secrets"), ("apps", "deployments")]
    assert list(meters.needed(())) == []


def test_a_meter_is_made_once():
    meters = Meters(lookup=Nothing())
    assert meters.of("a.example", "things") is meters.of("a.example", "things")
    assert meters.of("", "events") is None

"""Paths and queries."""

from __future__ import annotations

import pytest

from steersman.client.request import ApiRequest, Key, Ref, path_of, query_of

PODS = Ref("", "v1", "pods", True)
NODES = Ref("", "v1", "nodes", False)
DEPLOYMENTS = Ref("apps", "v1", "deployments", True)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ((PODS,), "/api/v1/pods"),
        ((PODS, "a"), "/api/v1/namespaces/a/pods"),
        ((PODS, "a", "b", "log"), "/api/v1/namespaces/a/pods/b/log"),
        ((DEPLOYMENTS, "a", "b", "status"), "/apis/apps/v1/namespaces/a/deployments/b/status"),
        ((NODES, "ignored", "n"), "/api/v1/nodes/n"),
        ((NODES, "", "a/b?c%ü"), "/api/v1/nodes/a%2Fb%3Fc%25%C3%BC"),
    ],
)
def test_paths(place, path):
    assert path_of(*place) == path


def test_only_what_is_given_is_asked():
    query = query_of({"a": "", "b": None, "c": False, "d": 0, "e": True, "f": 5, "g": "x=1,y"})
    assert query == (("e", "true"), ("f", "5"), ("g", "x=1,y"))
    assert ApiRequest("GET", "/p", query).target == "/p?e=true&f=5&g=x%3D1%2Cy"
    assert ApiRequest("GET", "/p").target == "/p"


def test_keys_read_as_users_write_them():
    assert (str(Key("a", "b")), str(Key("", "b"))) == ("a/b", "b")


def test_only_reads_may_be_repeated():
    assert ApiRequest("GET", "/p").repeatable
    assert not ApiRequest("DELETE", "/p").repeatable

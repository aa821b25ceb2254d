"""URL -> verb, resource, name: upstream's rules, oddities included."""

from __future__ import annotations

import pytest

from steersman.apiserver.requestinfo import parse_request


def of(method: str, path: str, **options: object) -> tuple[str, str, str, str, str, str, str]:
    info = parse_request(method, path, **options)
    return info.verb, info.group, info.version, info.namespace, info.resource, info.name, info.subresource


@pytest.mark.parametrize(
    ("method", "verb"),
    [("GET", "get"), ("HEAD", "get"), ("PUT", "update"), ("PATCH", "patch"), ("DELETE", "delete"), ("POST", "create")],
)
def test_a_named_object(method: str, verb: str) -> None:
    path = "/api/v1/namespaces/n/pods/p"
    assert of(method, path) == (verb, "", "v1", "n", "pods", "p", "")


def test_a_collection_is_listed_watched_or_deleted_as_a_whole() -> None:
    path = "/apis/apps/v1/namespaces/n/deployments"
    assert of("GET", path) == ("list", "apps", "v1", "n", "deployments", "", "")
    assert of("GET", path, watch=True)[0] == "watch"
    assert of("DELETE", path)[0] == "deletecollection"
    assert of("POST", path)[0] == "create"


def test_a_field_selector_on_the_name_names_the_object_for_authorisation() -> None:
    assert of("GET", "/api/v1/namespaces/n/pods", name_selector="p") == ("list", "", "v1", "n", "pods", "p", "")
    assert of("GET", "/api/v1/namespaces/n/pods", watch=True, name_selector="p")[5] == "p"


def test_subresources_and_what_follows_them() -> None:
    info = parse_request("GET", "/api/v1/namespaces/n/services/s/proxy/a/b")
    assert (info.resource, info.name, info.subresource, info.rest) == ("services", "s", "proxy", "a/b")
    assert of("POST", "/api/v1/namespaces/n/pods/p/binding") == ("create", "", "v1", "n", "pods", "p", "binding")


def test_cluster_scoped_objects() -> None:
    assert of("GET", "/api/v1/nodes/x") == ("get", "", "v1", "", "nodes", "x", "")
    assert of("GET", "/api/v1/pods") == ("list", "", "v1", "", "pods", "", "")


def test_a_namespace_is_in_itself() -> None:
    """Upstream authorises requests about a namespace inside it, its status and finalize subresources too."""
    assert of("GET", "/api/v1/namespaces/n") == ("get", "", "v1", "n", "namespaces", "n", "")
    assert of("PUT", "/api/v1/namespaces/n/finalize") == ("update", "", "v1", "n", "namespaces", "n", "finalize")
    assert of("GET", "/api/v1/namespaces") == ("list", "", "v1", "", "namespaces", "", "")


def test_the_old_form_of_a_watch() -> None:
    info = parse_request("GET", "/api/v1/watch/namespaces/n/pods")
    assert (info.verb, info.namespace, info.resource, info.old_watch) == ("watch", "n", "pods", True)


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/healthz", "/nosuch/x/y/z"]
)
def test_other_paths_are_no_resources_and_their_verb_is_the_method(path: str) -> None:
    info = parse_request("POST", path)
    assert not info.is_resource
    assert (info.verb, info.path) == ("post", path)

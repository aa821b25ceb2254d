from __future__ import annotations

import pytest

from steersman.api.authorization.local_subject_access_review import LOCAL_SUBJECT_ACCESS_REVIEWS
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.errors import Forbidden, NotFound
from steersman.apiserver.admission.interface import DELETE
from steersman.apiserver.admission.namespace_lifecycle import IMMORTAL, NamespaceLifecycle

from .shelf import Shelf, review

CONFIG_MAP = {"metadata": {"name": "c"}}


def _admit(*args, phase=None, **how):
    shelf = Shelf()
    if phase is not None:
        shelf.put(NAMESPACES, {"status": {"phase": phase}}, name="ns")
    NamespaceLifecycle(reader=shelf).admit(review(*args, **how))


def test_nothing_is_created_where_no_namespace_is():
    _admit(CONFIG_MAPS, CONFIG_MAP, phase="Active")
    with pytest.raises(NotFound, match='namespaces "ns" not found'):
        _admit(CONFIG_MAPS, CONFIG_MAP)


def test_nothing_is_created_in_a_namespace_that_ends():
    with pytest.raises(Forbidden) as refused:
        _admit(CONFIG_MAPS, CONFIG_MAP, phase="Terminating")
    assert refused.value.message == (
        'configmaps "c" is forbidden: unable to create new content in namespace ns because it is being terminated'
    )
    assert refused.value.details["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace ns is being terminated",
            "field": "metadata.namespace",
        }
    ]


def test_what_is_there_may_change_and_go():
    _admit(CONFIG_MAPS, CONFIG_MAP, CONFIG_MAP, phase="Terminating")
    _admit(CONFIG_MAPS, None, CONFIG_MAP, operation=DELETE, phase="Terminating")
    _admit(CONFIG_MAPS, CONFIG_MAP, phase="Terminating", subresource="x")


def test_reviews_may_ask_about_any_namespace():
    _admit(LOCAL_SUBJECT_ACCESS_REVIEWS, {"metadata": {}})


@pytest.mark.parametrize("name", sorted(IMMORTAL))
def test_the_basic_namespaces_are_never_deleted(name):
    with pytest.raises(Forbidden, match="this namespace may not be deleted"):
        _admit(NAMESPACES, operation=DELETE, name=name)
    _admit(NAMESPACES, operation=DELETE, name="other")

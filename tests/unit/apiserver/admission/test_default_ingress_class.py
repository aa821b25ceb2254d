from __future__ import annotations

import pytest

from steersman.api.networking.ingress import INGRESSES
from steersman.api.networking.ingress_class import INGRESS_CLASSES
from steersman.apiserver.admission.default_ingress_class import DefaultIngressClass

from .shelf import Shelf, review

DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}


@pytest.mark.parametrize(
    ("spec", "annotations", "chosen"),
    [
        ({}, {}, "new"),
        ({"ingressClassName": "x"}, {}, "x"),
        ({}, {"kubernetes.io/ingress.class": "q"}, None),
    ],
)
def test_an_ingress_without_class_gets_the_newest_default(spec, annotations, chosen):
    shelf = Shelf()
    for name, created in (("old", "2026-01-01T00:00:00Z"), ("new", "2026-01-01T00:00:01Z")):
        shelf.put(INGRESS_CLASSES, {}, name=name, creationTimestamp=created, annotations=DEFAULT)
    ingress = {"metadata": {"name": "i", "annotations": annotations}, "spec": spec}
    DefaultIngressClass(reader=shelf).admit(review(INGRESSES, ingress))
    assert ingress["spec"].get("ingressClassName") == chosen

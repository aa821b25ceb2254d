"""DefaultIngressClass: an ingress that names no class gets the cluster's default, if there is one.

Reads: ingressclasses. Changes: CREATE of ingresses. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.networking.ingress import INGRESSES
from steersman.api.networking.ingress_class import INGRESS_CLASSES
from steersman.apiserver.admission.default_class import default_class
from steersman.apiserver.admission.interface import CREATE, Plain

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Reader, Review

_OLD_ANNOTATION = "kubernetes.io/ingress.class"
_IS_DEFAULT = ("ingressclass.kubernetes.io/is-default-class",)


class DefaultIngressClass(Plain):
    """The annotation of old still counts as a choice."""

    name = "DefaultIngressClass"
    resources = (INGRESSES,)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def admit(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource or review.obj is None:
            return
        spec = review.obj.setdefault("spec", {})
        if spec.get("ingressClassName") is not None:
            return
        if _OLD_ANNOTATION in (review.obj["metadata"].get("annotations") or {}):
            return
        if name := default_class(self._reader.list(INGRESS_CLASSES), _IS_DEFAULT):
            spec["ingressClassName"] = name

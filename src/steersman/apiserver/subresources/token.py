"""serviceaccounts/token: a signed token for a service account, bound to a pod, a secret or a node if asked
(TokenRequest).

Reads: serviceaccounts, pods, secrets, nodes. Writes: nothing; tokens are not kept. Upstream differences: none known.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.secret import SECRETS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import BadRequest, Conflict, Invalid, NotFound
from steersman.apiserver import respond
from steersman.apiserver.authn.service_account_issuer import (
    Reference,
    TokenClaims,
    token_lifetime,
    validate_token_request,
)
from steersman.apiserver.subresources.common import Kind, review_of

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader
    from steersman.apiserver.authn.service_account_issuer import TokenIssuer
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response

_GROUP = "authentication.k8s.io"
_REQUEST = Kind(group=_GROUP, version="v1", kind="TokenRequest", definition="io.k8s.api.authentication.v1.TokenRequest")
_DEFAULT_S = 3600


class Tokens:
    """The connector."""

    def __init__(self, *, reader: Reader, issuer: TokenIssuer, audiences: tuple[str, ...]) -> None:
        self._reader = reader
        self._issuer = issuer
        self._audiences = audiences

    async def create(self, call: Call, service: Service) -> Response:
        """Raises NotFound, Invalid, BadRequest, Conflict."""
        options = call.write_options("CreateOptions")
        request = _REQUEST.read(call, service, validation=options.field_validation)
        spec = request.setdefault("spec", {})
        if spec.get("expirationSeconds") is None:
            spec["expirationSeconds"] = _DEFAULT_S
        write = call.write(options, "CreateOptions")
        _REQUEST.stamp(request, write)
        # Before the audience gets its default: a node that names none asks for what its pods are given.
        review = review_of(call, write, request)
        await service.chain.admit(review)
        assert review.obj is not None
        request = review.obj
        spec = request["spec"]
        namespace, name = call.info.namespace, call.info.name
        account = self._reader.get(SERVICE_ACCOUNTS, namespace, name)
        if account is None:
            raise NotFound.of("", "serviceaccounts", name)
        metadata = request["metadata"]
        metadata["uid"] = account["metadata"]["uid"]
        metadata["creationTimestamp"] = call.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        for field, value in (("name", name), ("namespace", namespace)):
            if not metadata.get(field):
                metadata[field] = value
            elif metadata[field] != value:
                raise BadRequest(f"the {field} of the provided object does not match the {field} sent on the request")
        spec["audiences"] = spec.get("audiences") or list(self._audiences)
        errors = validate_token_request(request)
        if errors:
            raise Invalid.of(_GROUP, "TokenRequest", "", errors)
        await service.chain.validate(review)
        claims = self._claims(account, spec)
        request["status"] = {
            "token": self._issuer.issue(claims, call.now),
            "expirationTimestamp": (call.now + timedelta(seconds=claims.expiration_s)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return respond.one(call, orjson.dumps(request), 201)

    def _claims(self, account: Object, spec: Object) -> TokenClaims:
        metadata = account["metadata"]
        bound = spec.get("boundObjectRef")
        audiences = tuple(spec["audiences"])
        pod = node = secret = None
        if bound is not None:
            pod, node, secret = self._bound(account, bound)
        expiration_s, warn_after_s = token_lifetime(
            spec["expirationSeconds"],
            bound_to_pod=pod is not None,
            audiences=audiences,
            api_audiences=self._audiences,
        )
        return TokenClaims(
            namespace=metadata["namespace"],
            service_account=Reference(metadata["name"], metadata["uid"]),
            audiences=audiences,
            expiration_s=expiration_s,
            warn_after_s=warn_after_s,
            pod=pod,
            node=node,
            secret=secret,
        )

    def _bound(self, account: Object, bound: Object) -> tuple[Reference | None, Reference | None, Reference | None]:
        """(pod, node, secret) that the token names. Raises NotFound, BadRequest, Conflict."""
        namespace, name = account["metadata"]["namespace"], bound.get("name", "")
        kind = (bound.get("apiVersion", ""), bound.get("kind", ""))
        if kind == ("v1", "Pod"):
            pod = self._object(PODS, namespace, name, bound)
            if account["metadata"]["name"] != pod["spec"].get("serviceAccountName", ""):
                raise BadRequest(
                    f'cannot bind token for serviceaccount "{account["metadata"]["name"]}" to pod running with '
                    "different serviceaccount name."
                )
            return _reference(pod), self._node_of(pod), None
        if kind == ("v1", "Node"):
            return None, _reference(self._object(NODES, "", name, bound)), None
        if kind == ("v1", "Secret"):
            return None, None, _reference(self._object(SECRETS, namespace, name, bound))
        group, _, version = kind[0].rpartition("/")
        raise BadRequest(f"cannot bind token to object of type {group}/{version}, Kind={kind[1]}")

    def _object(self, resource: Resource, namespace: str, name: str, bound: Object) -> Object:
        obj = self._reader.get(resource, namespace, name)
        if obj is None:
            raise NotFound.of("", resource.plural, name)
        uid = bound.get("uid")
        if uid and uid != obj["metadata"]["uid"]:
            why = (
                f"the UID in the bound object reference ({uid}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
            raise Conflict.of("", resource.kind, name, why)
        return obj

    def _node_of(self, pod: Object) -> Reference | None:
        """Where the pod runs; a node that is not there (any more) is named without a uid."""
        name = pod["spec"].get("nodeName", "")
        if not name:
            return None
        node = self._reader.get(NODES, "", name)
        return _reference(node) if node is not None else Reference(name)


def _reference(obj: Object) -> Reference:
    return Reference(obj["metadata"]["name"], obj["metadata"]["uid"])

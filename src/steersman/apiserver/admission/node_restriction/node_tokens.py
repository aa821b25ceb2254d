"""What a node asks for in the name of its pods: tokens of their service accounts, and certificates.

Each method raises Forbidden, NotFound, or Unexplained where a node should try again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import ApiError, NotFound, go_quote
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.apiserver.admission.interface import CREATE
from steersman.apiserver.authn.credentials import aggregate
from steersman.apiserver.authz.attributes import Attributes
from steersman.apiserver.authz.pod_references import MIRROR_ANNOTATION

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader, Review
    from steersman.apiserver.authz.attributes import Authorizer

_DRIVERS = {
    "awsElasticBlockStore": "ebs.csi.aws.com",
    "azureDisk": "disk.csi.azure.com",
    "azureFile": "file.csi.azure.com",
    "cinder": "cinder.csi.openstack.org",
    "gcePersistentDisk": "pd.csi.storage.gke.io",
    "portworxVolume": "pxd.portworx.com",
    "vsphereVolume": "csi.vsphere.vmware.com",
}
"""CSI drivers that have taken over volume sources."""


class Unexplained(ApiError):
    """What upstream answers where the reason may go away by itself: 500 without a reason."""

    code, reason = 500, ""


class NodeTokens:
    """See the module."""

    def __init__(self, *, reader: Reader, authorizer: Authorizer) -> None:
        self._reader = reader
        self._authorizer = authorizer

    # -- tokens

    def judge_token(self, node: str, review: Review) -> None:
        if review.operation != CREATE or review.subresource != "token" or review.obj is None:
            return
        spec = review.obj.get("spec") or {}
        bound = spec.get("boundObjectRef") or {}
        if (bound.get("apiVersion"), bound.get("kind")) != ("v1", "Pod") or not bound.get("name"):
            raise review.forbidden("node requested token not bound to a pod")
        uid = bound.get("uid")
        if not uid:
            raise review.forbidden("node requested token with a pod binding without a uid")
        pod = self._reader.get(PODS, review.namespace, bound["name"])
        if pod is None:
            raise NotFound.of("", "pods", bound["name"])
        if pod["metadata"]["uid"] != uid:
            raise review.forbidden(
                f"the UID in the bound object reference ({uid}) does not match the UID in record. The object might "
                "have been deleted and then recreated"
            )
        if pod["spec"].get("nodeName") != node:
            raise review.forbidden("node requested token bound to a pod scheduled on a different node")
        self._judge_audience(review, pod, spec.get("audiences") or [])

    def _judge_audience(self, review: Review, pod: Object, audiences: list[str]) -> None:
        if len(audiences) > 1:
            raise review.forbidden("node may only request 0 or 1 audiences")
        audience = audiences[0] if audiences else ""
        found, errors = self._mounts_audience(pod, audience)
        if found:
            return
        if errors:
            raise review.forbidden(f"error validating audience {go_quote(audience)}: {aggregate(errors)}")
        if not self._may(review, "request-serviceaccounts-token-audience", audience, review.name):
            raise review.forbidden(
                f"{review.user.name} is not authorized to request tokens for audience {go_quote(audience)}"
            )

    def _mounts_audience(self, pod: Object, audience: str) -> tuple[bool, list[str]]:
        """Whether a volume of the pod needs such a token, and what could not be found out."""
        errors = []
        for volume in pod["spec"].get("volumes") or ():
            for source in (volume.get("projected") or {}).get("sources") or ():
                token = source.get("serviceAccountToken")
                if token is not None and token.get("audience", "") == audience:
                    return True, []
            try:
                driver_name = self._driver_of(pod, volume)
                if driver_name and self._wants_audience(driver_name, audience):
                    return True, []
            except NotFound as error:
                errors.append(error.message)
        return False, errors

    def _driver_of(self, pod: Object, volume: Object) -> str:
        """The CSI driver behind a volume; empty if there is none. Raises NotFound."""
        namespace = pod["metadata"]["namespace"]
        if (volume.get("ephemeral") or {}).get("volumeClaimTemplate") is not None:
            return self._driver_of_claim(namespace, f"{pod['metadata']['name']}-{volume['name']}")
        if volume.get("persistentVolumeClaim") is not None:
            return self._driver_of_claim(namespace, volume["persistentVolumeClaim"].get("claimName", ""))
        return _driver_of_source(volume)

    def _driver_of_claim(self, namespace: str, name: str) -> str:
        claim = self._found(PERSISTENT_VOLUME_CLAIMS, namespace, name)
        volume_name = (claim.get("spec") or {}).get("volumeName", "")
        return _driver_of_source(self._found(PERSISTENT_VOLUMES, "", volume_name).get("spec") or {})

    def _wants_audience(self, driver_name: str, audience: str) -> bool:
        driver = self._found(CSI_DRIVERS, "", driver_name)
        requests = (driver.get("spec") or {}).get("tokenRequests") or ()
        return any(request.get("audience", "") == audience for request in requests)

    def _found(self, resource: Resource, namespace: str, name: str) -> Object:
        obj = self._reader.get(resource, namespace, name)
        if obj is None:
            raise NotFound.of(resource.group, _GO_NAMES.get(resource, resource.plural), name)
        return obj

    def _may(self, review: Review, verb: str, resource: str, name: str) -> bool:
        asked = Attributes(
            user=review.user,
            verb=verb,
            group=review.resource.group,
            version=review.resource.version,
            resource=resource,
            namespace=review.namespace,
            name=name,
        )
        return self._authorizer.authorize(asked).allowed

    # -- certificates

    def judge_certificate(self, node: str, review: Review) -> None:
        if review.operation != CREATE:
            raise review.forbidden(f"unexpected operation {review.operation}")
        if review.subresource:
            raise review.forbidden(f"unexpected subresource {review.subresource}")
        spec = (review.obj or {}).get("spec") or {}
        named = spec.get("nodeName", "")
        if named != node:
            raise review.forbidden(
                f"PodCertificateRequest.Spec.NodeName={go_quote(named)}, which is not the requesting node "
                f"{go_quote(node)}"
            )
        called = go_quote(f"{review.namespace}/{spec.get('podName', '')}")
        self._judge_node_uid(spec, node, called)
        pod = self._judge_pod(review, spec, called)
        self._judge_account(review, spec, pod, called)
        signer = spec.get("signerName", "")
        if _mounts_signer(pod, signer):
            return
        account = spec.get("serviceAccountName", "")
        # Roles cannot hold names with slashes.
        resource = signer.replace("/", ":")
        if not self._may(review, "request-serviceaccounts-podcertificate-signer", resource, account):
            raise review.forbidden(
                f"pod {called} does not mount a podCertificate projected volume for signer {go_quote(signer)}"
            )

    def _judge_node_uid(self, spec: Object, node: str, called: str) -> None:
        stored = self._reader.get(NODES, "", node)
        if stored is None:
            raise Unexplained(
                f"while retrieving node {go_quote(node)} named in the PodCertificateRequest: node "
                f"{go_quote(node)} not found"
            )
        uid, named = stored["metadata"]["uid"], spec.get("nodeUID", "")
        if uid != named:
            raise Unexplained(
                f"PodCertificateRequest for pod {called} names node UID {go_quote(named)}, inconsistent with the "
                f"running node ({go_quote(uid)})"
            )

    def _judge_pod(self, review: Review, spec: Object, called: str) -> Object:
        name = spec.get("podName", "")
        pod = self._reader.get(PODS, review.namespace, name)
        if pod is None:
            raise Unexplained(
                f"while retrieving pod {called} named in the PodCertificateRequest: pod {go_quote(name)} not found"
            )
        uid, named = pod["metadata"]["uid"], spec.get("podUID", "")
        if uid != named:
            raise Unexplained(
                f"PodCertificateRequest for pod {called} contains pod UID ({go_quote(named)}) which differs from "
                f"running pod {go_quote(uid)}"
            )
        node = spec.get("nodeName", "")
        if pod["spec"].get("nodeName") != node:
            raise review.forbidden(
                f"pod {called} is not running on node {go_quote(node)} named in the PodCertificateRequest"
            )
        if MIRROR_ANNOTATION in (pod["metadata"].get("annotations") or {}):
            raise review.forbidden(f"pod {called} is a mirror pod")
        return pod

    def _judge_account(self, review: Review, spec: Object, pod: Object, called: str) -> None:
        name, running = spec.get("serviceAccountName", ""), pod["spec"].get("serviceAccountName", "")
        if name != running:
            raise review.forbidden(
                f"PodCertificateRequest for pod {called} contains serviceAccountName ({go_quote(name)}) that differs "
                f"from running pod ({go_quote(running)})"
            )
        account = self._reader.get(SERVICE_ACCOUNTS, review.namespace, name)
        if account is None:
            whole = go_quote(f"{review.namespace}/{name}")
            raise Unexplained(
                f"while retrieving service account {whole} named in the PodCertificateRequest: serviceaccount "
                f"{go_quote(name)} not found"
            )
        uid, named = account["metadata"]["uid"], spec.get("serviceAccountUID", "")
        if uid != named:
            raise Unexplained(
                f"PodCertificateRequest for pod {called} names service account UID {go_quote(named)}, which differs "
                f"from the running service account ({go_quote(uid)})"
            )


_GO_NAMES: dict[Resource, str] = {
    CSI_DRIVERS: "csidriver",
    PERSISTENT_VOLUME_CLAIMS: "persistentvolumeclaim",
    PERSISTENT_VOLUMES: "persistentvolume",
}
"""Upstream's caches name resources in the singular when they lack an object."""


def _driver_of_source(holder: Object) -> str:
    csi = holder.get("csi")
    if csi is not None:
        return str(csi.get("driver", ""))
    return next((driver for source, driver in _DRIVERS.items() if holder.get(source) is not None), "")


def _mounts_signer(pod: Object, signer: str) -> bool:
    return any(
        (source.get("podCertificate") or {}).get("signerName") == signer
        for volume in pod["spec"].get("volumes") or ()
        for source in (volume.get("projected") or {}).get("sources") or ()
    )

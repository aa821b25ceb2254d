"""PodSecurity: pods are as secure as their namespace's labels ask for; workloads whose pods would not be are warned of.

Reads: namespaces, pods. Judges: CREATE and UPDATE of pods (refused or warned of), of everything with a pod template
(warned of), and of namespaces (their labels; existing pods that a stricter level would refuse are warned of).
Invariants: a namespace that asks for nothing costs one look-up; updates of pods that change no image pass.
Upstream differences: nothing is exempt (there it can be configured); audit annotations are not written yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.daemon_set import DAEMON_SETS
from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.batch.cron_job import CRON_JOBS
from steersman.api.batch.job import JOBS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.api.core.pod_template import POD_TEMPLATES
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.errors import Invalid, go_quote
from steersman.apiserver.admission.interface import CREATE, UPDATE, Plain
from steersman.apiserver.admission.pod_security.levels import NO_POLICY, PRIVILEGED, Policy, policy_of, stricter
from steersman.apiserver.admission.pod_security.standards import Standards

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader, Review
    from steersman.apiserver.admission.pod_security.levels import LevelVersion
    from steersman.apiserver.admission.pod_security.words import Finding

_TEMPLATES: dict[Resource, tuple[str, ...]] = {
    POD_TEMPLATES: ("template",),
    CRON_JOBS: ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        (REPLICATION_CONTROLLERS, REPLICA_SETS, DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS), ("spec", "template")
    ),
}
"""Where resources keep their pod template."""
_POD_SUBRESOURCES = ("", "ephemeralcontainers", "resize")
"""Those that write the specification."""
_PODS_MAX = 3000
"""Pods of a namespace that are looked at when its level changes."""


class PodSecurity(Plain):
    """See the module."""

    name = "PodSecurity"
    resources = (PODS, *_TEMPLATES, NAMESPACES)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader
        self._standards = Standards()

    def validate(self, review: Review) -> None:
        resource = review.resource
        if review.obj is None or review.operation not in (CREATE, UPDATE):
            return
        if resource is PODS:
            if review.subresource in _POD_SUBRESOURCES:
                self._pod(review, review.obj)
        elif resource in _TEMPLATES:
            if not review.subresource:
                self._template(review, review.obj)
        elif resource is NAMESPACES and not review.subresource:
            self._namespace(review, review.obj)

    def _policy(self, namespace: str) -> Policy:
        found = self._reader.get(NAMESPACES, "", namespace)
        return policy_of(found) if found is not None else NO_POLICY

    def _pod(self, review: Review, pod: Object) -> None:
        policy = self._policy(review.namespace)
        if policy.is_privileged:
            return
        if review.operation == UPDATE and review.old is not None and not changes_images(pod, review.old):
            return
        metadata, spec = pod["metadata"], pod["spec"]
        findings = self._standards.evaluate(policy.enforce, metadata, spec)
        if findings:
            raise review.forbidden(f"violates PodSecurity {_details(policy.enforce, findings)}")
        if policy.warn != policy.enforce:
            self._warn(review, policy.warn, metadata, spec)

    def _template(self, review: Review, obj: Object) -> None:
        policy = self._policy(review.namespace)
        if policy.warn.level == PRIVILEGED:
            return
        template: Object = obj
        for field in _TEMPLATES[review.resource]:
            template = template.get(field) or {}
        if template:
            self._warn(review, policy.warn, template.get("metadata") or {}, template.get("spec") or {})

    def _warn(self, review: Review, asked: LevelVersion, metadata: Object, spec: Object) -> None:
        if findings := self._standards.evaluate(asked, metadata, spec):
            review.warnings.append(f"would violate PodSecurity {_details(asked, findings)}")

    def _namespace(self, review: Review, namespace: Object) -> None:
        policy = policy_of(namespace)
        before = policy_of(review.old) if review.operation == UPDATE and review.old is not None else NO_POLICY
        if policy.errors and policy.errors != before.errors:
            raise Invalid.of("", "Namespace", review.name, policy.errors)
        if review.operation != UPDATE or policy.enforce.level == PRIVILEGED:
            return
        same_version = policy.enforce.minor == before.enforce.minor
        if same_version and not stricter(policy.enforce.level, before.enforce.level):
            return
        name = namespace["metadata"]["name"]
        review.warnings += self._of_existing(name, policy.enforce, self._reader.list(PODS, name))

    def _of_existing(self, namespace: str, asked: LevelVersion, pods: list[Object]) -> list[str]:
        """Warnings, of pods with the same faults together under the first one's name."""
        names: dict[str, list[str]] = {}
        for pod in one_per_controller_first(pods)[:_PODS_MAX]:
            if findings := self._standards.evaluate(asked, pod["metadata"], pod["spec"]):
                reasons = ", ".join(finding.reason for finding in findings)
                names.setdefault(reasons, []).append(pod["metadata"]["name"])
        warnings = []
        if len(pods) > _PODS_MAX:
            warnings.append(
                f"new PodSecurity enforce level only checked against the first {_PODS_MAX} of {len(pods)} existing pods"
            )
        if names:
            warnings.append(
                f"existing pods in namespace {go_quote(namespace)} violate the new PodSecurity enforce level "
                f"{go_quote(str(asked))}"
            )
        return warnings + sorted(f"{_first_of(found)}: {reasons}" for reasons, found in names.items())


def _details(asked: LevelVersion, findings: Iterable[Finding]) -> str:
    return f"{go_quote(str(asked))}: {', '.join(map(str, findings))}"


def _first_of(names: list[str]) -> str:
    others = len(names) - 1
    if not others:
        return names[0]
    return f"{min(names)} (and {others} other {'pod' if others == 1 else 'pods'})"


def one_per_controller_first(pods: list[Object]) -> list[Object]:
    """Pods of one controller are alike: one of each goes before all the others."""
    first: list[Object] = []
    more: list[Object] = []
    seen: set[str] = set()
    for pod in pods:
        owners = pod["metadata"].get("ownerReferences") or ()
        controller = next((owner.get("uid", "") for owner in owners if owner.get("controller")), None)
        if controller is None or controller not in seen:
            first.append(pod)
        else:
            more.append(pod)
        if controller is not None:
            seen.add(controller)
    return first + more


def changes_images(pod: Object, old: Object) -> bool:
    """Of what may change in a pod, only containers and their images matter to its security."""
    spec, before = pod["spec"], old["spec"]
    for field in ("containers", "initContainers"):
        if _images(spec, field) != _images(before, field):
            return True
    known = {container.get("name"): container.get("image") for container in before.get("ephemeralContainers") or ()}
    return any(
        container.get("name") not in known or container.get("image") != known[container.get("name")]
        for container in spec.get("ephemeralContainers") or ()
    )


def _images(spec: Object, field: str) -> list[str | None]:
    return [container.get("image") for container in spec.get(field) or ()]

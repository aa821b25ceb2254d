"""Whether a container that ended is run again. Pure.

Its own rules on exit codes come first, then its own policy, then the pod's (KEP-5307); a rule may also ask for all
containers of the pod to begin anew (KEP-5532).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object

ALWAYS, ON_FAILURE, NEVER = "Always", "OnFailure", "Never"
RESTART, RESTART_ALL = "Restart", "RestartAllContainers"


def is_sidecar(container: Object) -> bool:
    """Whether an init container goes on running beside the others."""
    return container.get("restartPolicy") == ALWAYS


def matching_action(container: Object, exit_code: int) -> str | None:
    """The action of the first rule that an exit code matches."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes")
        if codes is None:
            continue
        listed = exit_code in (codes.get("values") or ())
        if (codes.get("operator") == "In" and listed) or (codes.get("operator") == "NotIn" and not listed):
            action: str = rule.get("action", "")
            return action
    return None


def should_restart(container: Object, spec: Object, exit_code: int) -> bool:
    """Whether a container that ended with `exit_code` is run again."""
    own = container.get("restartPolicy")
    if own is not None and matching_action(container, exit_code) in (RESTART, RESTART_ALL):
        return True
    policy = own if own in (ALWAYS, ON_FAILURE, NEVER) else spec.get("restartPolicy", ALWAYS)
    return policy == ALWAYS or (policy == ON_FAILURE and exit_code != 0)


def restarts_after_kill(container: Object, spec: Object) -> bool:
    """Whether a container that fails its probes is run again: rules are not asked, as there is no exit code yet."""
    return bool(container.get("restartPolicy", spec.get("restartPolicy", ALWAYS)) != NEVER)


def asks_for_all(container: Object, exit_code: int) -> bool:
    """Whether an end with `exit_code` makes all containers of the pod begin anew."""
    return matching_action(container, exit_code) == RESTART_ALL


def all_could_restart(spec: Object) -> bool:
    """Whether any container has a rule that makes all of them begin anew."""
    return any(
        rule.get("action") == RESTART_ALL
        for container in containers_of(spec)
        for rule in container.get("restartPolicyRules") or ()
    )


def containers_of(spec: Object) -> Iterator[Object]:
    """Init containers, then the others; not ephemeral ones."""
    yield from spec.get("initContainers") or ()
    yield from spec["containers"]

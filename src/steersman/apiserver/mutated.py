"""What a webhook made of an object's metadata is no more to be believed than what a client sent: checked once more.

Rules of upstream's handlers after admission: managedFields that cannot be read are put back, equal owners count once,
and the namespace is the request's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import BadRequest
from steersman.apiserver.patch.elements import FieldsError
from steersman.apiserver.patch.managers import decode_managed

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_DELETION = ("deletionTimestamp", "deletionGracePeriodSeconds")
_OWNERS = (
    ".metadata.ownerReferences contains duplicate entries{}; API server dedups owner references in 1.20+, and may "
    "reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}"
)


def settle_metadata(
    obj: Object, *, namespace: str, managed_before: list[Object] | None, warnings: list[str], new: bool
) -> None:
    """Changes `obj` in place. `namespace`: the request's, empty if there is none. Raises BadRequest."""
    metadata = obj["metadata"]
    if (metadata.get("namespace") or "") != namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    try:
        decode_managed(metadata.get("managedFields"))
    except FieldsError as why:
        if managed_before is None:
            del metadata["managedFields"]
        else:
            metadata["managedFields"] = managed_before
        warnings.append(
            ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated "
            f"mutating admission controller; please fix your requests: {why}"
        )
    single_owners(metadata, warnings, after_admission=True)
    if new:
        for name in _DELETION:
            metadata.pop(name, None)


def single_owners(metadata: Object, warnings: list[str], *, after_admission: bool = False) -> None:
    """Equal owner references count once; their author is warned."""
    owners = metadata.get("ownerReferences")
    if not owners or len(owners) == 1:
        return
    single: list[Object] = []
    repeated: list[str] = []
    for owner in owners:
        if owner in single:
            repeated.append(owner.get("uid", ""))
        else:
            single.append(owner)
    if repeated:
        metadata["ownerReferences"] = single
        when = " after mutating admission happens" if after_admission else ""
        warnings.append(_OWNERS.format(when, ", ".join(dict.fromkeys(repeated))))

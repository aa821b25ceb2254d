"""history: the revisions of a DaemonSet's or StatefulSet's template, kept as ControllerRevisions.

Invariants: the data of a revision is a patch that puts its template back, in upstream's form (keys sorted, `"$patch":
"replace"` in the template); revisions are compared by their data, never by name or hash; numbers only grow.
Upstream: pkg/controller/history, getPatch of pkg/controller/{daemon,statefulset}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.controller_revision import CONTROLLER_REVISIONS
from steersman.api.errors import AlreadyExists
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.hashes import fnv32, go_json, safe_encode
from steersman.controllers.ownership import reference_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.client.client import Client

OWNER_NAME_MAX = 223
"""Of what a revision's name begins with."""
_PATCH = "$patch"


def template_patch(owner: Object) -> Object:
    """The data of the revision that `owner` is at."""
    return {"spec": {"template": owner["spec"]["template"] | {_PATCH: "replace"}}}


def template_in(revision: Object) -> Object:
    """The template that a revision keeps."""
    template: Object = revision["data"]["spec"]["template"]
    return {name: value for name, value in template.items() if name != _PATCH}


def data_hash(data: Object, collisions: int) -> str:
    """Of a revision's data. `collisions`: status.collisionCount, which makes another hash of the same data."""
    return safe_encode(str(fnv32(go_json(data) + str(collisions).encode())))


def revision_name(owner: str, content_hash: str) -> str:
    return f"{owner[:OWNER_NAME_MAX]}-{content_hash}"


def in_order(revisions: Iterable[Object]) -> list[Object]:
    """Oldest number first."""
    return sorted(
        revisions,
        key=lambda revision: (
            number_of(revision),
            revision["metadata"]["creationTimestamp"],
            revision["metadata"]["name"],
        ),
    )


def number_of(revision: Object) -> int:
    number: int = revision.get("revision") or 0
    return number


def next_number(revisions: Iterable[Object]) -> int:
    """Greater than all."""
    return max(map(number_of, revisions), default=0) + 1


def equal_to(data: Object, revisions: Iterable[Object]) -> list[Object]:
    """Those that keep the same."""
    return [revision for revision in revisions if revision.get("data") == data]


def new_revision(owner: Object, resource: Resource, *, number: int, label: str, content_hash: str) -> Object:
    """The revision that `owner` is at. `label`: the key under which the hash is kept."""
    metadata = owner["metadata"]
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    described: Object = {"annotations": metadata["annotations"]} if metadata.get("annotations") else {}
    return {
        "apiVersion": CONTROLLER_REVISIONS.api_version,
        "kind": CONTROLLER_REVISIONS.kind,
        "metadata": {
            "name": revision_name(metadata["name"], content_hash),
            "namespace": metadata["namespace"],
            "labels": labels | {label: content_hash},
            **described,
            "ownerReferences": [reference_to(owner, resource)],
        },
        "data": _sorted(template_patch(owner)),
        "revision": number,
    }


def superfluous(old: Sequence[Object], *, limit: int) -> list[Object]:
    """Of revisions that are not in use, oldest first, those beyond `limit`; a negative limit keeps all."""
    return list(old[: max(0, len(old) - limit)]) if limit >= 0 else []


class History:
    """Writes revisions, for one controller."""

    def __init__(self, *, client: Client) -> None:
        self._client = client

    async def create(self, revision: Object) -> Object | None:
        """The revision as it is kept, also if it has been created before; None if its name stands for another."""
        try:
            return await self._client.create(CONTROLLER_REVISIONS, revision)
        except AlreadyExists:
            metadata = revision["metadata"]
            found = await self._client.get(CONTROLLER_REVISIONS, Key(metadata["namespace"], metadata["name"]))
            return found if found.get("data") == revision["data"] else None

    async def renumber(self, revision: Object, number: int) -> Object:
        return await self._client.update(CONTROLLER_REVISIONS, revision | {"revision": number})

    async def label(self, revision: Object, key: str, value: str) -> Object:
        metadata = revision["metadata"]
        labels = (metadata.get("labels") or {}) | {key: value}
        return await self._client.update(CONTROLLER_REVISIONS, revision | {"metadata": metadata | {"labels": labels}})

    async def delete(self, revision: Object) -> None:
        await self._client.delete(CONTROLLER_REVISIONS, key_of(revision))


def _sorted(value: Object) -> Object:
    """In the order in which Go writes it: what a server keeps as it came is then kept as upstream would have it."""
    return {name: _sorted_inside(value[name]) for name in sorted(value)}


def _sorted_inside(value: object) -> object:
    if isinstance(value, dict):
        return _sorted(value)
    return [_sorted_inside(each) for each in value] if isinstance(value, list) else value

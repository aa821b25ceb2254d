"""legacy_serviceaccount_token_cleaner: generated token secrets that nobody has used for a year are marked, and deleted
a year later.

Reads: secrets, service accounts, pods. Writes: secrets (patch, delete), config maps (get).
Keys: one, for the whole round that is made once a day.
Invariants: only secrets that their account mentions are meant (which is how they were generated until v1.24); none that
a pod uses; none before use of such tokens has been tracked for a year.
Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.pod import PODS
from steersman.api.core.pod_secrets import secret_names
from steersman.api.core.secret import SECRETS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import Conflict, NotFound
from steersman.api.meta.times import parse_time
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Requeue, Writes

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools

ROUND_S = 24 * 3600.0
UNUSED = timedelta(days=365)
LAST_USED = "kubernetes.io/legacy-token-last-used"
INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"
TRACKING = Key("kube-system", "kube-apiserver-legacy-service-account-token-tracking")
_ROUND = Key("", "round")
_TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - the type's name
_ACCOUNT_NAME = "kubernetes.io/service-account.name"
_ACCOUNT_UID = "kubernetes.io/service-account.uid"
_DATE = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a user can choose."""

    unused: timedelta = UNUSED
    """A token that nobody has used for so long goes, in two steps as far apart."""


@dataclass(frozen=True, slots=True)
class Invalidate:
    """Label it: from now on the API server refuses the token."""

    since: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Refused for long enough."""


class LegacyServiceAccountTokenCleaner(Controller):
    """See the module."""

    name = "legacy_serviceaccount_token_cleaner"
    account = "legacy-service-account-token-cleaner"
    reads = (SECRETS, SERVICE_ACCOUNTS, PODS)
    writes = (Writes(SECRETS, ("patch", "delete")), Writes(CONFIG_MAPS, ("get",), names=(TRACKING.name,)))
    workers = 1

    def __init__(self, tools: Tools, *, settings: Keeping | None = None) -> None:
        self._unused = (settings or Keeping()).unused
        super().__init__(tools)

    def setup(self) -> None:
        self.queue.add(_ROUND)

    async def reconcile(self, key: Key) -> Requeue:
        assert key == _ROUND
        now = self.clock.now()
        try:
            tracking = await self.client.get(CONFIG_MAPS, TRACKING)
        except NotFound:
            return Requeue(after_s=ROUND_S)
        if is_tracked_long_enough(tracking, now=now, unused=self._unused):
            for secret in self.view.list(SECRETS):
                await self._clean(secret, now)
        return Requeue(after_s=ROUND_S)

    async def _clean(self, secret: Object, now: datetime) -> None:
        account = self.view.get(SERVICE_ACCOUNTS, account_key(secret))
        action = plan(secret, account, now=now, unused=self._unused)
        if action is None or self._is_used(secret):
            return
        metadata = secret["metadata"]
        try:
            if isinstance(action, Invalidate):
                patch = {"metadata": {"uid": metadata["uid"], "labels": {INVALID_SINCE: action.since}}}
                await self.client.patch(SECRETS, key_of(secret), patch)
            else:
                version = metadata["resourceVersion"]
                await self.client.delete(SECRETS, key_of(secret), resource_version=version)
        except (NotFound, Conflict):
            return  # looked at again tomorrow

    def _is_used(self, secret: Object) -> bool:
        name, namespace = secret["metadata"]["name"], secret["metadata"]["namespace"]
        return any(name in secret_names(pod["spec"]) for pod in self.view.list(PODS, namespace))


def account_key(secret: Object) -> Key:
    metadata = secret["metadata"]
    return Key(metadata["namespace"], (metadata.get("annotations") or {}).get(_ACCOUNT_NAME, ""))


def is_tracked_long_enough(tracking: Object, *, now: datetime, unused: timedelta = UNUSED) -> bool:
    """Whether it would be known of a token that it was used within `unused`. `tracking`: the ConfigMap that says since
    when use is written down; that day itself may be incomplete.
    """
    since = _date((tracking.get("data") or {}).get("since", ""))
    return since is not None and now >= since + timedelta(days=1) + unused


def plan(
    secret: Object, account: Object | None, *, now: datetime, unused: timedelta = UNUSED
) -> Invalidate | Delete | None:
    """What to do about a secret, unless a pod uses it. `account`: the one it names."""
    metadata = secret["metadata"]
    if secret.get("type") != _TOKEN_TYPE or metadata.get("deletionTimestamp") or not _is_generated(secret, account):
        return None
    limit = now - unused
    if parse_time(metadata["creationTimestamp"]) >= limit:
        return None
    labels = metadata.get("labels") or {}
    last_day = limit.strftime(_DATE)
    used = labels.get(LAST_USED)
    if used is not None and (_date(used) is None or used >= last_day):
        return None
    invalid_since = labels.get(INVALID_SINCE, "")
    if _date(invalid_since) is None:
        return Invalidate(now.strftime(_DATE))
    return Delete() if invalid_since < last_day else None


def _is_generated(secret: Object, account: Object | None) -> bool:
    if account is None:
        return False
    metadata = secret["metadata"]
    uid = (metadata.get("annotations") or {}).get(_ACCOUNT_UID)
    if uid and uid != account["metadata"]["uid"]:
        return False
    return any(reference.get("name") == metadata["name"] for reference in account.get("secrets") or ())


def _date(text: str) -> datetime | None:
    try:
        found = datetime.strptime(text, _DATE).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if found.strftime(_DATE) == text else None

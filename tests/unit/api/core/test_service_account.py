"""ServiceAccount: its secrets are names, and its deprecated annotation is told once."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.resource import Context

MOUNTABLE = {"annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}


def test_of_references_to_secrets_the_names_are_kept(judge: Any) -> None:
    given = {"secrets": [{"name": "a", "uid": "u", "namespace": "n"}, {"uid": "u"}]}
    made = judge(SERVICE_ACCOUNTS).created(given)
    assert made["secrets"] == [{"name": "a"}, {}]
    changed = judge(SERVICE_ACCOUNTS).defaulted(given)
    assert SERVICE_ACCOUNTS.strategy.prepare_update is not None
    SERVICE_ACCOUNTS.strategy.prepare_update(changed, made, Context(now=judge.now))
    assert changed["secrets"] == made["secrets"]


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [(None, {}, 0), (None, MOUNTABLE, 1), ({}, MOUNTABLE, 1), (MOUNTABLE, MOUNTABLE, 0), (MOUNTABLE, {}, 0)],
)
def test_the_deprecated_annotation_is_told_when_it_is_new(old: Any, new: Any, count: int) -> None:
    assert SERVICE_ACCOUNTS.strategy.warnings is not None
    before = None if old is None else {"metadata": old}
    told = SERVICE_ACCOUNTS.strategy.warnings({"metadata": new}, before)
    assert [text.split(":")[0] for text in told] == [
        "metadata.annotations[kubernetes.io/enforce-mountable-secrets]"
    ] * count

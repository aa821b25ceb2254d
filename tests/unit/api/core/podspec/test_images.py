from __future__ import annotations

import pytest

from steersman.api.core.podspec.images import default_pull_policy, image_tag


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("nginx", "latest"),
        ("nginx:1.27", "1.27"),
        ("localhost:5000/a/b:c", "c"),
        ("registry.example.com/a", "latest"),
        ("repo/img@sha256:" + "a" * 64, ""),
        ("repo/img:1@sha256:" + "a" * 64, "1"),
        ("UPPER", ""),
        ("a" * 64, ""),
        ("x" * 300, ""),
        ("repo/img@sha256:" + "a" * 32, ""),
        ("", ""),
    ],
)
def test_tags_are_read_as_registries_do(image, tag) -> None:
    assert image_tag(image) == tag


def test_only_latest_is_always_pulled() -> None:
    assert default_pull_policy("nginx") == "Always"
    assert default_pull_policy("nginx:latest") == "Always"
    assert default_pull_policy("nginx:1") == "IfNotPresent"
    assert default_pull_policy("not an image") == "IfNotPresent"

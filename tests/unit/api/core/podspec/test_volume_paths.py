from __future__ import annotations

from steersman.api.core.podspec.volume_paths import overlap_warnings


def test_sources_of_a_projected_volume_share_one_directory() -> None:
    sources = [
        {"serviceAccountToken": {"path": "token"}},
        {"secret": {"name": "s", "items": [{"key": "k", "path": "token/"}]}},
        {},
    ]
    assert list(overlap_warnings([{"name": "v", "projected": {"sources": sources}}])) == [
        'volume "v" (Projected) has no sources provided',
        'volume "v" (Projected): overlapping paths: "token" (Secret "s") with "token" (ServiceAccountToken)',
    ]


def test_similar_names_do_not_overlap() -> None:
    items = [{"key": "a", "path": "ab"}, {"key": "b", "path": "abc"}]
    assert list(overlap_warnings([{"name": "v", "secret": {"secretName": "s", "items": items}}])) == []

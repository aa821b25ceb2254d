from __future__ import annotations

from steersman.api.core.go_types import difference, render, semantic_equal


def test_values_are_shown_with_gos_names_and_zeros() -> None:
    assert render("Toleration", {"key": "k", "tolerationSeconds": 3}) == {
        "Key": "k", "Operator": "", "Value": "", "Effect": "", "TolerationSeconds": 3,
    }  # fmt: skip
    assert render("*Toleration", None) is None
    assert render("[]NodeSelectorTerm", None) is None


def test_embedded_structs_are_spread_out() -> None:
    shown = render("Volume", {"name": "v", "configMap": {"name": "m"}})
    assert shown["ConfigMap"]["Name"] == "m"
    assert shown["EmptyDir"] is None


def test_label_selectors_keep_their_json_names() -> None:
    assert render("LabelSelector", {"matchLabels": {"b": "1", "a": "2"}}) == {"matchLabels": {"a": "2", "b": "1"}}


def test_meaning_counts_not_spelling() -> None:
    a = {"resources": {"limits": {"memory": "1024"}}, "args": []}
    b = {"resources": {"limits": {"memory": "1Ki"}}}
    assert semantic_equal("Container", a, b)
    assert not semantic_equal("Container", a, {"resources": {"limits": {"memory": "2Ki"}}})


def test_a_difference_has_three_lines_around_it() -> None:
    old, new = {"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}
    assert difference("Toleration", old, new) == (
        '@@ -1,5 +1,5 @@\n {\n- "Key": "a",\n+ "Key": "b",\n  "Operator": "Exists",\n  "Value": "",\n  "Effect": "",\n'
    )


def test_owners_are_shown_in_the_order_of_their_declaration() -> None:
    owner = {"blockOwnerDeletion": True, "uid": "u", "kind": "K"}
    shown = render("PersistentVolumeClaimTemplate", {"metadata": {"ownerReferences": [owner]}})
    assert list(shown["ownerReferences"][0]) == ["kind", "uid", "blockOwnerDeletion"]

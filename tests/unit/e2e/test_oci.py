"""Layers and archives of images."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

from conformance.e2e.oci import Layer, Tree, digest, write_archive
from conformance.e2e.registry import Content

if TYPE_CHECKING:
    from pathlib import Path


def _tree() -> Tree:
    tree = Tree()
    tree.file("usr/bin/tool", b"#!", 0o6755, 3, 4)
    tree.link("bin", "usr/bin")
    tree.folder("tmp", 0o1777)
    return tree


def test_a_tree_makes_parents_and_keeps_modes_owners_and_links() -> None:
    with tarfile.open(fileobj=io.BytesIO(_tree().tar())) as archive:
        members = {member.name: member for member in archive}
    assert list(members) == ["bin", "tmp", "usr", "usr/bin", "usr/bin/tool"]
    tool = members["usr/bin/tool"]
    assert (tool.mode, tool.uid, tool.gid, tool.size) == (0o6755, 3, 4, 2)
    assert members["bin"].linkname == "usr/bin"
    assert members["tmp"].mode == 0o1777


def test_the_same_tree_is_the_same_layer() -> None:
    assert Layer.of(_tree()) == Layer.of(_tree())


def test_a_registry_serves_what_an_archive_holds(tmp_path: Path) -> None:
    layer = Layer.of(_tree())
    path = tmp_path / "tool.tar"
    write_archive(path, reference="registry.example/some/tool:1.0", layers=[layer], config={"Cmd": ["tool"]})
    content = Content([path])
    manifest, media = content.manifests["some/tool", "1.0"]
    assert content.manifests["some/tool", digest(manifest)] == (manifest, media)
    described = json.loads(manifest)
    assert content.read(described["layers"][0]["digest"]) == layer.packed
    config = json.loads(content.read(described["config"]["digest"]) or b"")
    assert config["config"]["Cmd"] == ["tool"]
    assert config["rootfs"]["diff_ids"] == [layer.diff_id]
    assert content.read("sha256:none") is None

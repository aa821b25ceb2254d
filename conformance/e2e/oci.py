"""Layers and image archives, made without a container engine.

A `Tree` is one layer. An archive is an OCI image layout in a tar, with the manifest.json of `docker load` beside it.
Everything is reproducible: no times, sorted names.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: bytes
    mode: int
    owner: int
    group: int
    data: bytes = b""
    target: str = ""


@dataclass(slots=True)
class Tree:
    """A layer: files, folders and links by path without leading slash. Parents are made as needed."""

    entries: dict[str, _Entry] = field(default_factory=dict)

    def folder(self, path: str, mode: int = 0o755, owner: int = 0, group: int = 0) -> None:
        """A folder that is there already stays as it is."""
        self._parents(path)
        self.entries.setdefault(path, _Entry(tarfile.DIRTYPE, mode, owner, group))

    def file(self, path: str, data: bytes | str, mode: int = 0o644, owner: int = 0, group: int = 0) -> None:
        self._parents(path)
        content = data.encode() if isinstance(data, str) else data
        self.entries[path] = _Entry(tarfile.REGTYPE, mode, owner, group, content)

    def link(self, path: str, target: str) -> None:
        self._parents(path)
        self.entries[path] = _Entry(tarfile.SYMTYPE, 0o777, 0, 0, target=target)

    def __contains__(self, path: str) -> bool:
        return path in self.entries

    def tar(self) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(self.entries):
                entry = self.entries[path]
                info = tarfile.TarInfo(path)
                info.type, info.mode, info.uid, info.gid = entry.kind, entry.mode, entry.owner, entry.group
                info.size, info.linkname = len(entry.data), entry.target
                archive.addfile(info, io.BytesIO(entry.data))
        return buffer.getvalue()

    def _parents(self, path: str) -> None:
        parts = path.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            self.entries.setdefault("/".join(parts[:end]), _Entry(tarfile.DIRTYPE, 0o755, 0, 0))


@dataclass(frozen=True, slots=True)
class Layer:
    """A packed layer: made once, used by many images."""

    packed: bytes
    diff_id: str

    @classmethod
    def of(cls, tree: Tree) -> Layer:
        raw = tree.tar()
        return cls(gzip.compress(raw, 5, mtime=0), digest(raw))


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write_archive(path: Path, *, reference: str, layers: list[Layer], config: dict[str, Any]) -> None:
    """`reference`: full name with tag. `config`: the `config` of the image (Entrypoint, Cmd, User, ...)."""
    blobs: dict[str, bytes] = {}

    def blob(data: bytes) -> str:
        name = digest(data)
        blobs[name] = data
        return name

    described: list[dict[str, Any]] = [
        {"mediaType": LAYER, "digest": blob(layer.packed), "size": len(layer.packed)} for layer in layers
    ]
    image = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {"Env": [_PATH], **config},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [],
    }
    config_data = json.dumps(image).encode()
    config_digest = blob(config_data)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": config_digest, "size": len(config_data)},
        "layers": described,
    }
    manifest_data = json.dumps(manifest).encode()
    names = {
        "io.containerd.image.name": reference,
        "org.opencontainers.image.ref.name": reference.rsplit(":", 1)[1],
    }
    entry = {
        "mediaType": MANIFEST,
        "digest": blob(manifest_data),
        "size": len(manifest_data),
        "platform": {"architecture": "amd64", "os": "linux"},
        "annotations": names,
    }
    docker = {
        "Config": _place(config_digest),
        "RepoTags": [reference],
        "Layers": [_place(layer["digest"]) for layer in described],
    }
    files = {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode(),
        "manifest.json": json.dumps([docker]).encode(),
        **{_place(name): data for name, data in blobs.items()},
    }
    part = path.with_suffix(".part")
    with tarfile.open(part, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    part.replace(path)


def _place(name: str) -> str:
    return "blobs/sha256/" + name.removeprefix("sha256:")

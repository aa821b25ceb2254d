"""Files of one volume that would hide each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.errors import go_quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from steersman.api.meta.types import Object


class _File(NamedTuple):
    path: str
    source: str

    def __str__(self) -> str:
        quoted = go_quote(self.path)
        return f"{quoted} ({self.source})" if self.source else quoted


def overlap_warnings(volumes: Sequence[Object]) -> Iterator[str]:
    for volume in volumes:
        name = volume.get("name") or ""
        for kind, shown, key in (
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ):
            source = volume.get(kind) or {}
            what = f"{shown} {go_quote(source.get(key) or '')}" if key else shown
            for overlap in _overlaps(_items(source, "")):
                yield _warning(name, what, overlap)
        yield from _projected(name, (volume.get("projected") or {}).get("sources") or ())


def _projected(name: str, sources: Sequence[Object]) -> Iterator[str]:
    files: list[_File] = []
    for source in sources:
        if not any(value is not None for value in source.values()):
            yield f"volume {go_quote(name)} (Projected) has no sources provided"
            continue
        files += _projected_files(source)
    for overlap in _overlaps(files):
        yield _warning(name, "Projected", overlap)


def _projected_files(source: Object) -> list[_File]:
    for kind, shown in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if (part := source.get(kind)) is not None and part.get("items"):
            return _items(part, f"{shown} {go_quote(part.get('name') or '')}")
    if (part := source.get("downwardAPI")) is not None and part.get("items"):
        return _items(part, "DownwardAPI")
    if (token := source.get("serviceAccountToken")) is not None:
        return [_File(token.get("path") or "", "ServiceAccountToken")]
    if (bundle := source.get("clusterTrustBundle")) is not None:
        name = bundle["name"] if bundle.get("name") is not None else bundle.get("signerName") or ""
        return [_File(bundle.get("path") or "", f"ClusterTrustBundle {go_quote(name)}")]
    certificate = source.get("podCertificate") or {}
    return [
        _File(certificate[field], f"PodCertificate {what}")
        for field, what in (
            ("certificateChainPath", "chain"),
            ("keyPath", "key"),
            ("credentialBundlePath", "credential bundle"),
        )
        if certificate.get(field)
    ]


def _items(source: Object, what: str) -> list[_File]:
    return [_File(item.get("path") or "", what) for item in source.get("items") or ()]


def _overlaps(files: list[_File]) -> Iterator[str]:
    seen: list[_File] = []
    for file in files:
        this = file._replace(path=file.path.rstrip("/"))
        for other in seen:
            if this.path and other.path and _collide(this.path, other.path):
                yield f"{this} with {other}"
        seen.append(this)


def _collide(a: str, b: str) -> bool:
    return f"{a}/".startswith(f"{b}/") or f"{b}/".startswith(f"{a}/")


def _warning(volume: str, what: str, overlap: str) -> str:
    return f"volume {go_quote(volume)} ({what}): overlapping paths: {overlap}"

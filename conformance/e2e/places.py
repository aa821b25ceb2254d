"""Where everything is: what is built once and kept, and what belongs to one run."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

VERSION = "v1.37.2"
ROOT = Path(__file__).resolve().parents[2]
CONFORMANCE = ROOT / "conformance"
BEHAVIOURS = CONFORMANCE / "hollow.yaml"
"""How containers of the suite behave on simulated nodes."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders that outlive a run."""

    cache: Path

    @classmethod
    def default(cls) -> Places:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cls(cache / "steersman" / f"upstream-{VERSION}")

    @property
    def programs(self) -> Path:
        return self.cache / "bin"

    @property
    def images(self) -> Path:
        return self.cache / "images"

    @property
    def packages(self) -> Path:
        return self.cache / "packages"

    @property
    def build(self) -> Path:
        return self.cache / "build"

    @property
    def runs(self) -> Path:
        """One folder a run: its cluster's state (removed at its end) and its results (kept)."""
        return self.cache / "runs"


def kubernetes_sources(go: str) -> Path:
    """The unpacked module k8s.io/kubernetes, downloaded by the build of any of its programs."""
    cache = subprocess.run([go, "env", "GOMODCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    return Path(cache) / "k8s.io" / f"kubernetes@{VERSION}"

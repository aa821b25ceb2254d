"""Kubernetes in Python: every component of a cluster, true to the API, in one package.

Layers, each importing only lower ones: cli > cluster, testing > apiserver > store > api > lib. See ARCHITECTURE.md.
"""

__version__ = "0.1.0"
KUBERNETES_VERSION = "v1.37.2"

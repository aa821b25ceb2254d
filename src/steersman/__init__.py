"""Steersman: Kubernetes in Python.

Layers, top down: `cli`, `cluster` (composition root) and `testing`, `apiserver`, `store`, `api`, `lib`. A layer imports
lower ones only.
"""

__version__ = "0.1.0"

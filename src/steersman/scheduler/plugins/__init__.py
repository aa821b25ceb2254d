"""Plugins, one per file, named as upstream names them in configurations; the order is in `catalog`.

Belongs here: what one plugin decides, from the pod, the snapshot and what it is constructed with. Must not: import
another plugin; wait; change a snapshot.
"""

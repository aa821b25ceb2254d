"""The resources of the group coordination.k8s.io, one file each. Pure."""

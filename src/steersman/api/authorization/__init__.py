"""The resources of the group authorization.k8s.io, one file each. Pure."""

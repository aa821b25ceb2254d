"""The resources of the group storage.k8s.io, one file each. Pure."""

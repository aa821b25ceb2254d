"""The resources of the group node.k8s.io, one file each. Pure."""

"""The resources of the group apiextensions.k8s.io, one file each. Pure."""

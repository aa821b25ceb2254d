"""The resources of the group apiregistration.k8s.io, one file each. Pure."""

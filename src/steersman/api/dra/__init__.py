"""The resources of the group resource.k8s.io, one file each. Pure."""

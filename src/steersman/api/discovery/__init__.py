"""The resources of the group discovery.k8s.io, one file each. Pure."""

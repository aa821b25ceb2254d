"""The resources of the group storagemigration.k8s.io, one file each. Pure."""

"""The resources of the group flowcontrol.apiserver.k8s.io, one file each. Pure."""

"""The resources of the group batch, one file each. Pure."""

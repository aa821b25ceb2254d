"""The resources of the group apps, one file each. Pure."""

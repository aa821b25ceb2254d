"""The resources of the group policy, one file each. Pure."""

"""The resources of the core (legacy) group, one file each. Pure."""

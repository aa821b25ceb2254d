"""The resources of the group autoscaling, one file each. Pure."""

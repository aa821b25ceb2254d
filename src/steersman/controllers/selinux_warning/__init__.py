"""selinux_warning: pods that could not use one volume on one node, since they would label it differently, are told so.

Belongs here: `controller`, SELinux labels of pods and when they conflict (`labels`), and who uses which volume how
(`uses`).
"""

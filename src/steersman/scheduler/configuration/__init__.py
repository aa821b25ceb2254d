"""What a KubeSchedulerConfiguration says: kubescheduler.config.k8s.io/v1, as kube-scheduler reads its file. Pure.

Belongs here: the shape of the file, its defaults, what is wrong with it, and what it means. Must not: open a file; know
what a plugin does, or which of them there are beyond the default ones.

Invariants: whatever is unknown or wrong is told with its field path, and all of it at once where that is possible;
what is valid is kept whole, so that nothing of a file has no effect in silence.

Modules: `shape`, `plugin_sets` (what is enabled where), `plugin_arguments`, `defaults`, `validation`, `model` (what a
reader gets), `read` (the way in).
"""

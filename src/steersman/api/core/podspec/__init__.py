"""Pods wherever they appear: in a Pod, a PodTemplate, and the template of every workload.

Belongs here: defaults, validation, warnings and arithmetic of a pod spec and its template. Does not: what only a Pod
has (status, binding, resizing), which is in `core/pod*.py`.

A spec is always the wire form after decoding and defaulting. `path` is the field path that messages begin with (`spec`,
`spec.template.spec`). Rules, order and wording are upstream's (pkg/apis/core, pkg/api/pod of v1.37) with the feature
gates of that version at their defaults: a field of a feature that is off is dropped before it is validated.
"""

"""The shape of objects: types, decoding, defaults, normal form, structural schemas. Pure; holds no rule about a single
resource.

`model` is the vocabulary; `builtin` gives the types of Kubernetes' own resources from compact data; `structural` builds
the same
vocabulary from a CustomResourceDefinition's schema. Everything that walks an object by its shape (decode, defaults,
patch, apply,
protobuf, OpenAPI) walks these types, so there is one path for built-in and custom resources.
"""

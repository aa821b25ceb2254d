"""The shape of objects: types, decoding, defaults, normal form, structural schemas. Pure; knows no single resource.

`model` is the vocabulary; `builtin` gives the types of Kubernetes' own resources from compact data; `structural`
builds the same vocabulary from a CustomResourceDefinition's schema, and says what is wrong with schema or value.
`decode` is the way in for both. Everything that walks an object by its shape (decode, defaults, patch, apply, protobuf,
OpenAPI) walks these types, so there is one path for built-in and custom resources.

Types are shared and read-only. What is built or compiled from one is kept in it, and nowhere else.
"""

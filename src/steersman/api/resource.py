"""Resource: the one value that describes one served resource. Everything that handles requests reads it; no handler
knows a kind.

A built-in resource is a module-level constant in `api/<group>/<resource>.py`, listed in `api/catalog.py`; a
CustomResourceDefinition
is turned into the same record at run time.

Hooks, in the order in which `apiserver/pipeline.py` calls them:

    create   decode, default, admit, prepare_create, validate (+ metadata rules), warnings, store
    update   decode, default, prepare_update, admit, validate_update (+ metadata rules), warnings, store
    status   as update, through the subresource's own UpdateStrategy

The `default` and `prepare` hooks change the object they are given, which nobody else holds; the others change nothing
and raise nothing.
`old` is always read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type

_UNKNOWN_SELECTOR = '"{}" is not a known field selector: only "metadata.name", "metadata.namespace"'


class Scope(StrEnum):
    """The value is discovery's word."""

    NAMESPACED = "Namespaced"
    CLUSTER = "Cluster"


class Context(NamedTuple):
    """What a hook may know beside the object: who asks, when, and how."""

    now: datetime
    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    dry_run: bool = False
    new_uid: Callable[[], str] | None = None
    """Makes a fresh UUID; given to `prepare_create` of resources whose names are generated (LimitRange)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One printer column. `value(obj, now)` is a cell: str, int, bool or None."""

    name: str
    type: str
    value: Callable[[Object, datetime], Any]
    format: str = ""
    priority: int = 0
    description: str = ""
    declared: bool = True
    """False: upstream has forgotten to declare it, so its cells are without a definition."""


@dataclass(frozen=True, slots=True)
class UpdateStrategy:
    """How a write through one path (the resource itself, or a subresource that is a view of it) is prepared and judged.

    `prepare(new, old, ctx)` puts back what this path must not change. `validate(new, old)` is the whole semantic
    judgement,
    metadata rules excepted (the pipeline applies those to every write).
    """

    prepare: Callable[[Object, Object, Context], None] | None = None
    validate: Callable[[Object, Object], list[FieldError]] | None = None
    warnings: Callable[[Object, Object | None], list[str]] | None = None
    raises_generation: bool = True
    """Whether a change of the resource's `generation_fields` through this path counts as one."""
    reset_fields: tuple[tuple[str, ...], ...] = ()
    """Field paths that an apply or update through this path never owns, as (("status",),)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What is special about a resource. A hook left out does nothing."""

    default: Callable[[Object], None] | None = None
    """Defaults beyond the declared ones; idempotent, looks at nothing but the object."""
    default_moments: Callable[[Object, datetime], None] | None = None
    """Defaults that are the moment of the write, likewise; called right after `default`."""
    prepare_create: Callable[[Object, Context], None] | None = None
    validate: Callable[[Object], list[FieldError]] | None = None
    warnings: Callable[[Object, Object | None], list[str]] | None = None
    """Texts for Warning headers; the second argument is the old object, None on create."""
    prepare_update: Callable[[Object, Object, Context], None] | None = None
    validate_update: Callable[[Object, Object], list[FieldError]] | None = None
    """The whole semantic judgement of an update. Left out: `validate(new)`."""
    reset_fields: tuple[tuple[str, ...], ...] = ()
    """Fields of the main resource that belong to a subresource, as (("status",),)."""
    canonicalize: Callable[[Object], None] | None = None
    """Last touch before the store, after validation."""

    validate_name: Callable[[str, bool], list[str]] | None = None
    """`(name, is_generate_name_prefix) -> messages`; left out: DNS-1123 subdomain."""
    name_rule: Callable[[Object], Callable[[str, bool], list[str]]] | None = None
    """Gives `validate_name` for one new object, where its name depends on what it says."""
    standard_finalizers: bool = True
    """Finalizers without a domain must be Kubernetes' own ones."""
    has_generation: bool = False
    """metadata.generation is kept: 1 at creation, plus one whenever something outside metadata and status changes."""
    generation_fields: tuple[str, ...] = ("spec",)
    """Top-level fields whose change raises the generation."""
    has_status: bool = False
    """A write to the main resource never changes `status` (it is cleared on create and put back on update)."""
    allow_create_on_update: bool = False
    allow_unconditional_update: bool = True
    """False: an update without resourceVersion is invalid."""
    delete_returns_object: bool = False
    """DELETE answers the object as it was, not a Status."""
    default_propagation_policy: str = "Background"
    """What a DELETE without policy means for dependents: "Orphan" or "Background"; "Unsupported" where it has none, and
    the garbage collector never acts.
    """
    delete_warning: str = ""
    """Text of a Warning header for a DELETE without policy."""
    graceful_delete: Callable[[Object, int | None, Context], int | None] | None = None
    """`(obj, grace asked for in s) -> grace in s, 0 for at once`; may change obj (its own copy). Left out: not
    graceful.
    """
    blocks_removal: Callable[[Object], bool] | None = None
    """Something beside metadata.finalizers keeps a deleted object (a namespace's spec.finalizers)."""
    prepare_delete: Callable[[Object, Context], None] | None = None
    """The object is marked as deleted but stays for now: say so in it (a namespace's phase)."""
    own_deletion: bool = False
    """Upstream deletes it with code of its own: preconditions are worded in another way, and an object that waits for
    finalizers carries no grace period.
    """
    mark_deleted: Callable[[Object, str], None] | None = None
    """`(obj, timestamp)`: the first DELETE does this to the object, and only this (definitions of custom resources)."""
    ttl_s: int = 0
    """Objects disappear by themselves this many seconds after they were last created (events)."""
    generate_name_conflict_retries: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Where a `scale` subresource finds its numbers in the object; paths are field names from the root."""

    replicas: tuple[str, ...] = ("spec", "replicas")
    status_replicas: tuple[str, ...] = ("status", "replicas")
    selector: Callable[[Object], str] | None = None
    """The text of `status.selector`. Left out: `spec.selector` is a LabelSelector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subresource:
    """One path below an object. With an `update` strategy it is a view of the object itself (get, update, patch);
    otherwise `apiserver/subresources/catalog.py` names the handler that serves it.
    """

    name: str
    verbs: tuple[str, ...]
    group: str = ""
    """Group and version of the kind it speaks, where they differ from the resource's (autoscaling/v1 Scale)."""
    version: str = ""
    kind: str = ""
    update: UpdateStrategy | None = None
    scale: Scale | None = None
    """It is the autoscaling/v1 Scale of its object."""
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How a served version differs from the stored one. Both change the object in place and may raise nothing."""

    to_stored: Callable[[Object], None]
    from_stored: Callable[[Object], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One served (group, version, resource)."""

    group: str
    version: str
    kind: str
    plural: str
    scope: Scope
    schema: Callable[[], Type]
    """Called when first needed: shapes are built lazily. Use `api.schema.builtin.schema(name)`."""
    singular: str = ""
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
    subresources: tuple[Subresource, ...] = ()
    strategy: Strategy = field(default_factory=Strategy)
    columns: tuple[Column, ...] = ()
    """Beside Name, which every table begins with; empty: Name and Created At."""
    cells: Callable[[Object, datetime], list[Any]] | None = None
    """`(obj, now)`: the values of all columns at once, where they share work."""
    listed_default: Callable[[Iterable[Object]], str] | None = None
    """Gives the name of the one object of a list behind whose name tables write `(default)`; empty: none."""
    selectable: tuple[tuple[str, Callable[[Object], str]], ...] = ()
    """Field selectors beside metadata.name and metadata.namespace: label and pure getter of the stored object."""
    indexed: tuple[tuple[str, Callable[[Object], str]], ...] = ()
    """Custom resources: the same of all versions, on the record of the stored one: they are kept with each object."""
    selector_names: tuple[tuple[str, str], ...] = ()
    """Of a view whose field selectors have other names: its own and the stored resource's."""
    unknown_selector: str = _UNKNOWN_SELECTOR
    """What upstream says about a field selector that the resource does not have; `{}` stands for the field."""
    storage_prefix: str = ""
    """Path below /registry/; left out: the plural (with the group in front for custom resources)."""
    storage_version: str = ""
    """The version in which upstream stores it, where that is another than this one: discovery shows a hash of it."""
    stored_as: Resource | None = None
    """The resource whose stored form this one is another view of (HPA v1 of v2, events of events). Its strategy counts,
    except for `default` and for `validate` and `validate_update` where the view has its own: they judge what is stored.
    """
    conversion: Conversion | None = None
    hidden_annotations: tuple[str, ...] = ()
    """Annotations that stand for fields of other versions: whoever asks for the metadata alone does not get them."""
    deprecation: str = ""
    """Text of a Warning header that every request to it gets."""
    custom: bool = False
    """Built from a CustomResourceDefinition."""
    openapi: Callable[[], Object | None] | None = None
    """Custom resources: gives the version's `openAPIV3Schema` as the definition holds it (read-only), or None if there
    is none that is structural. What OpenAPI documents publish is made of it; selectable fields come from `selectable`.
    """
    normalize: Callable[[Object], None] | None = None
    """Custom resources: brings what another program, or an older definition, has stored into the present form, in
    place; it may raise nothing.
    """
    no_creation: str = ""
    """Why nothing can be created any more, while the definition goes away."""
    ephemeral: bool = False
    """Never stored: creating one computes an answer (reviews)."""

    def __hash__(self) -> int:
        return hash((self.group, self.version, self.plural))

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`: what objects carry as apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def worded_selectors(self) -> bool:
        """Whether upstream lists its field selectors one by one; metadata.namespace then is one only in a namespace."""
        return self.unknown_selector != _UNKNOWN_SELECTOR

    @property
    def namespaced(self) -> bool:
        return self.scope is Scope.NAMESPACED

    @property
    def stored(self) -> Resource:
        """Itself, or the resource whose stored form it shares."""
        return self.stored_as or self

    @property
    def qualified(self) -> str:
        """`deployments.apps`: how messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def subresource(self, name: str) -> Subresource | None:
        return next((sub for sub in self.subresources if sub.name == name), None)

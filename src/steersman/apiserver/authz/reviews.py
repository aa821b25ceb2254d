"""Access and token reviews: questions that are posted like objects and answered in their status.

Pure part: each function takes the review as decoded (and, for those that upstream records them for, with its
managedFields) and gives the answer; nothing is stored. Raises Invalid or BadRequest in upstream's words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import BadRequest, FieldError, Invalid, forbidden, invalid, required
from steersman.api.meta.names import label_value, qualified_name
from steersman.apiserver.authn.credentials import Rejected
from steersman.apiserver.authn.user import User
from steersman.apiserver.authz.attributes import Attributes, Requirement
from steersman.apiserver.authz.selectors import field_requirements, label_requirements

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.authenticator import Authenticator
    from steersman.apiserver.authz.attributes import Authorizer

_AUTHORIZATION = "authorization.k8s.io"
_EXACTLY_ONE = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
_LABEL_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_FIELD_OPERATORS = {"In": "=", "NotIn": "!="}
_METADATA_ORDER = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
    "managedFields",
)  # fmt: skip
_MANAGED_FIELDS_ORDER = ("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource")


class AccessReviews:
    """Answers reviews of what somebody may do."""

    def __init__(self, *, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def subject_access(self, review: Object) -> Object:
        errors = [*_spec_errors(review, subject=True), *_metadata_errors(review, but_namespace=False)]
        _raise(errors)
        return self._answer(review, _subject(review["spec"]))

    def local_subject_access(self, review: Object, namespace: str) -> Object:
        """`namespace`: of the URL, which the review's metadata must name by now."""
        spec = review.get("spec") or {}
        own_namespace = review["metadata"].get("namespace", "")
        errors = [*_spec_errors(review, subject=True), *_metadata_errors(review, but_namespace=True)]
        asked = spec.get("resourceAttributes")
        if asked is not None and asked.get("namespace", "") != own_namespace:
            path = "spec.resourceAttributes.namespace"
            errors.append(invalid(path, asked.get("namespace", ""), "must match metadata.namespace"))
        if spec.get("nonResourceAttributes") is not None:
            value = _go_path(spec["nonResourceAttributes"])
            errors.append(invalid("spec.nonResourceAttributes", value, "disallowed on this kind of request"))
        _raise(errors)
        if own_namespace != namespace:
            raise BadRequest(f"spec.resourceAttributes.namespace must match namespace: {namespace}")
        return self._answer(review, _subject(spec))

    def self_subject_access(self, review: Object, user: User) -> Object:
        errors = [*_spec_errors(review, subject=False), *_metadata_errors(review, but_namespace=False)]
        _raise(errors)
        return self._answer(review, user)

    def self_subject_rules(self, review: Object, user: User) -> Object:
        namespace = (review.get("spec") or {}).get("namespace", "")
        if not namespace:
            raise BadRequest("no namespace on request")
        found = self._authorizer.rules_for(user, namespace)
        status: Object = {
            "resourceRules": [_ordered(rule) for rule in found.resource_rules],
            "nonResourceRules": [_ordered(rule) for rule in found.non_resource_rules],
            "incomplete": found.incomplete,
        }
        if found.error:
            status["evaluationError"] = found.error
        return {
            "kind": "SelfSubjectRulesReview",
            "apiVersion": review.get("apiVersion", f"{_AUTHORIZATION}/v1"),
            "metadata": {},
            "spec": {},
            "status": status,
        }

    def _answer(self, review: Object, user: User) -> Object:
        spec = review["spec"]
        errors: list[str] = []
        asked = spec.get("resourceAttributes")
        if asked is not None:
            attributes = self._resource_attributes(user, asked, errors)
        else:
            path = spec["nonResourceAttributes"]
            attributes = Attributes(user=user, verb=path.get("verb", ""), path=path.get("path", ""), is_resource=False)
        decision = self._authorizer.authorize(attributes)
        status: Object = {"allowed": decision.allowed}
        if decision.denied:
            status["denied"] = True
        if decision.reason:
            status["reason"] = decision.reason
        if errors:
            status["evaluationError"] = "; ".join(errors)
        return {**review, "status": status}

    def _resource_attributes(self, user: User, asked: Object, errors: list[str]) -> Attributes:
        fields = _requirements(asked, "fieldSelector", errors)
        labels = _requirements(asked, "labelSelector", errors)
        return Attributes(
            user=user,
            verb=asked.get("verb", ""),
            group=asked.get("group", ""),
            version=asked.get("version") or "*",
            resource=asked.get("resource", ""),
            subresource=asked.get("subresource", ""),
            namespace=asked.get("namespace", ""),
            name=asked.get("name", ""),
            field_selector=fields,
            label_selector=labels,
        )


def review_self(review: Object, user: User, now: datetime) -> Object:
    """Answer of a SelfSubjectReview: who the API server thinks that asks."""
    return {
        "kind": "SelfSubjectReview",
        "apiVersion": review.get("apiVersion", "authentication.k8s.io/v1"),
        "metadata": {"creationTimestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "status": {"userInfo": user.info()},
    }


def review_token(review: Object, authenticator: Authenticator, now: datetime) -> Object:
    """Answer of a TokenReview. Raises BadRequest when it holds no token."""
    spec = review.get("spec") or {}
    token = spec.get("token", "")
    if not token:
        raise BadRequest("token is required for TokenReview in authentication")
    try:
        identified = authenticator.review(token, tuple(spec.get("audiences") or ()), now)
    except Rejected as error:
        return {**review, "status": {"user": {}, "error": str(error)}}
    status: Object = {"authenticated": True, "user": identified.user.info()}
    if identified.audiences:
        status["audiences"] = list(identified.audiences)
    return {**review, "status": status}


def _raise(errors: list[FieldError]) -> None:
    if errors:
        # Upstream names the internal kind, which is empty here.
        raise Invalid.of(_AUTHORIZATION, "", "", errors)


def _subject(spec: Object) -> User:
    extra = spec.get("extra") or {}
    return User(
        name=spec.get("user", ""),
        uid=spec.get("uid", ""),
        groups=tuple(spec.get("groups") or ()),
        extra=tuple((key, tuple(extra[key] or ())) for key in sorted(extra)),
    )


def _spec_errors(review: Object, *, subject: bool) -> list[FieldError]:
    spec = review.get("spec") or {}
    asked, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    errors: list[FieldError] = []
    if (asked is None) == (path is None):
        errors.append(invalid("spec", None if path is None else _go_path(path), _EXACTLY_ONE))
    if subject and not spec.get("user") and not spec.get("groups"):
        errors.append(invalid("spec.user", "", "at least one of user or group must be specified"))
    for kind in ("fieldSelector", "labelSelector"):
        if asked is not None and asked.get(kind) is not None:
            errors.extend(_selector_errors(asked[kind], f"spec.resourceAttributes.{kind}", labels=kind[0] == "l"))
    return errors


def _selector_errors(selector: Object, path: str, *, labels: bool) -> list[FieldError]:
    raw, requirements = selector.get("rawSelector", ""), selector.get("requirements") or ()
    errors: list[FieldError] = []
    if raw and requirements:
        errors.append(invalid(f"{path}.rawSelector", raw, "may not specified at the same time as requirements"))
    if not raw and not requirements:
        detail = f"when {path} is specified, requirements or rawSelector is required"
        errors.append(required(f"{path}.requirements", detail))
    for index, requirement in enumerate(requirements):
        errors.extend(_requirement_errors(requirement, f"{path}.requirements[{index}]", labels=labels))
    return errors


def _requirement_errors(requirement: Object, path: str, *, labels: bool) -> list[FieldError]:
    """Operators that are not known pass: a newer client may know more."""
    key, operator = requirement.get("key", ""), requirement.get("operator", "")
    values = requirement.get("values") or ()
    errors: list[FieldError] = []
    if not labels and not key:
        errors.append(required(f"{path}.key", "must be specified"))
    if operator in ("In", "NotIn") and not values:
        errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    if operator in ("Exists", "DoesNotExist") and values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        errors.append(forbidden(f"{path}.values", detail))
    if labels:
        errors.extend(invalid(f"{path}.key", key, message) for message in qualified_name(key))
        for index, value in enumerate(values):
            errors.extend(invalid(f"{path}.values[{index}]", value, message) for message in label_value(value))
    return errors


def _metadata_errors(review: Object, *, but_namespace: bool) -> list[FieldError]:
    metadata = review.get("metadata") or {}
    ignored = {"managedFields", "namespace"} if but_namespace else {"managedFields"}
    if not any(value for field, value in metadata.items() if field not in ignored):
        return []
    detail = "must be empty except for namespace" if but_namespace else "must be empty"
    return [invalid("metadata", _go_metadata(metadata), detail)]


def _go_metadata(metadata: Object) -> Object:
    """Fields in the order of upstream's Go struct, since the message shows them."""
    shown: Object = {field: metadata[field] for field in _METADATA_ORDER if metadata.get(field)}
    if "managedFields" in shown:
        shown["managedFields"] = [
            {field: entry[field] for field in _MANAGED_FIELDS_ORDER if entry.get(field)}
            for entry in shown["managedFields"]
        ]
    return shown


def _go_path(attributes: Object) -> Object:
    """A nonResourceAttributes as upstream's internal type prints them."""
    return {"Path": attributes.get("path", ""), "Verb": attributes.get("verb", "")}


def _label_term(requirement: Object) -> Requirement | None:
    operator = _LABEL_OPERATORS.get(requirement.get("operator", ""))
    if operator is None:
        return None
    return Requirement(requirement.get("key", ""), operator, tuple(requirement.get("values") or ()))


def _field_term(requirement: Object) -> Requirement | None:
    operator = _FIELD_OPERATORS.get(requirement.get("operator", ""))
    values: Any = requirement.get("values") or ()
    if operator is None or len(values) != 1:
        return None
    return Requirement(requirement.get("key", ""), operator, tuple(values))


def _ordered(rule: Object) -> Object:
    fields = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
    return {field: list(rule[field]) for field in fields if rule.get(field)}


def _requirements(asked: Object, kind: str, errors: list[str]) -> tuple[Requirement, ...]:
    """What can be understood of a selector. Requirements are ANDed, so leaving one out asks for more, not less."""
    selector = asked.get(kind) or {}
    parse = field_requirements if kind == "fieldSelector" else label_requirements
    found: list[Requirement] = []
    understood = True
    if selector.get("rawSelector"):
        try:
            found = list(parse(selector["rawSelector"]))
        except ValueError:
            understood = False
    for requirement in selector.get("requirements") or ():
        term = _field_term(requirement) if kind == "fieldSelector" else _label_term(requirement)
        if term is None:
            understood = False
        else:
            found.append(term)
    if not understood:
        partially = "partially " if found else ""
        errors.append(f"spec.resourceAttributes.{kind} {partially}ignored due to parse error")
    return tuple(found)

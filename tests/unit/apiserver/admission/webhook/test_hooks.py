from __future__ import annotations

from steersman.apiserver.admission.webhook.hooks import compile_hooks

from .hooks import configuration, webhook


def test_configurations_come_by_name_and_webhooks_as_listed():
    one = configuration(webhook("z.example.com"), webhook("a.example.com"), name="b")
    other = configuration(webhook("m.example.com"), name="a")
    assert [hook.name for hook in compile_hooks([one, other])] == ["m.example.com", "z.example.com", "a.example.com"]


def test_webhooks_of_one_name_are_told_apart():
    hooks = compile_hooks([configuration(webhook(), webhook(), name="c")])
    assert [hook.uid for hook in hooks] == ["c/w.example.com/0", "c/w.example.com/1"]


def test_policies_become_flags():
    [plain] = compile_hooks([configuration(webhook())])
    assert (plain.equivalent, plain.ignores_failure, plain.takes_dry_runs, plain.reinvocable) == (
        True,
        False,
        True,
        False,
    )
    fields = {
        "matchPolicy": "Exact",
        "failurePolicy": "Ignore",
        "sideEffects": "Some",
        "reinvocationPolicy": "IfNeeded",
        "timeoutSeconds": 3,
        "matchConditions": [{"name": "n", "expression": "true"}],
    }
    [other] = compile_hooks([configuration(webhook(**fields))])
    assert (other.equivalent, other.ignores_failure, other.takes_dry_runs, other.reinvocable) == (
        False,
        True,
        False,
        True,
    )
    assert (other.timeout_s, other.conditions) == (3, (("n", "true"),))


def test_the_first_review_version_that_we_know_is_taken():
    for versions, taken in ((["v2", "v1beta1", "v1"], "v1beta1"), (["v1"], "v1"), (["v2"], "")):
        [hook] = compile_hooks([configuration(webhook(admissionReviewVersions=versions))])
        assert hook.review_version == taken


def test_a_selector_that_cannot_be_read_is_kept_as_its_problem():
    broken = {"matchExpressions": [{"key": "a", "operator": "Loves"}]}
    [hook] = compile_hooks([configuration(webhook(objectSelector=broken))])
    assert hook.objects == '"Loves" is not a valid label selector operator'

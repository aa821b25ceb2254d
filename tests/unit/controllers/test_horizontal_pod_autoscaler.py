"""From samples to replicas, and from those to what is done."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.errors import NotFound, ServiceUnavailable
from steersman.api.meta.labels import EVERYTHING, parse_selector
from steersman.client.client import Client
from steersman.client.discovery import Served, Surface
from steersman.controllers.horizontal_pod_autoscaler.controller import plan_unmeasured, tolerance_of
from steersman.controllers.horizontal_pod_autoscaler.evaluation import Evaluation, FailedMetricError, Workload
from steersman.controllers.horizontal_pod_autoscaler.limits import History, growth_limit, plan_limited, shrink_limit
from steersman.controllers.horizontal_pod_autoscaler.metrics import Metrics, used_by
from steersman.controllers.horizontal_pod_autoscaler.status import Draft
from steersman.controllers.horizontal_pod_autoscaler.target import UnknownTargetError, find_target, shown_selector
from steersman.controllers.horizontal_pod_autoscaler.usage import (
    MetricError,
    Sample,
    Tolerance,
    group_pods,
    judge_average,
    judge_share,
    judge_total,
    judge_utilization,
    request_of,
)

from .objects import pod

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STAMP = "2026-01-02T00:00:00Z"
LONG_AGO = "2026-01-01T00:00:00Z"


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def worker(name, *, cpu="1", phase="Running", ready=True, started=LONG_AGO, since=LONG_AGO, **metadata):
    made = pod(name, phase=phase, **metadata)
    made["spec"]["containers"] = [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]
    status = "True" if ready else "False"
    condition = {"type": "Ready", "status": status, "lastTransitionTime": since}
    made["status"] = {"phase": phase, "startTime": started, "conditions": [condition]}
    return made


def workers(count):
    return [worker(f"p{number}") for number in range(count)]


def samples(*values):
    return {f"p{number}": Sample(value, NOW, timedelta(seconds=30)) for number, value in enumerate(values)}


def utilization(pods, values, *, target=50, present=None, **more):
    options = {"resource": "cpu", "container": "", "tolerance": Tolerance(), "now": NOW, **more}
    return judge_utilization(pods, values, target=target, present=len(pods) if present is None else present, **options)


def average(pods, values, *, target=1000, **more):
    options = {"resource": "", "tolerance": Tolerance(), "now": NOW, **more}
    return judge_average(pods, values, target=target, present=len(pods), **options)


# -- usage


def test_use_above_the_target_asks_for_more_in_proportion():
    verdict = utilization(workers(3), samples(900, 950, 1000))
    assert (verdict.replicas, verdict.utilization, verdict.usage) == (6, 95, 950)


def test_use_near_the_target_changes_nothing():
    assert utilization(workers(3), samples(540, 550, 550)).replicas == 3
    assert utilization(workers(3), samples(540, 550, 550), tolerance=Tolerance(0.0, 0.0)).replicas == 4


def test_use_below_the_target_asks_for_fewer():
    assert utilization(workers(4), samples(100, 100, 100, 100)).replicas == 1


def test_pods_without_samples_are_busy_where_pods_would_go_and_idle_where_they_would_come():
    assert utilization(workers(3), samples(100, 100)).replicas == 3  # (100 + 100 + 1000) / 3000 = 40 % of 50
    assert utilization(workers(3), samples(1000, 1000)).replicas == 4
    assert utilization(workers(4), samples(600)).replicas == 4


def test_pods_that_start_do_not_make_more_start():
    pods = [*workers(2), worker("p2", phase="Pending"), worker("p3", phase="Pending")]
    assert utilization(pods, samples(1000, 1000)).replicas == 4
    assert utilization(pods, samples(100, 100)).replicas == 1


def test_pods_that_fail_or_go_do_not_count():
    pods = [*workers(2), worker("p2", phase="Failed"), worker("p3", deletionTimestamp=STAMP)]
    assert utilization(pods, samples(500, 500, 9000, 9000)).replicas == 4  # as they are
    assert group_pods(pods, samples(1, 1, 1, 1), "cpu", NOW).ignored == {"p2", "p3"}


@pytest.mark.parametrize(
    ("made", "unready"),
    [
        ({"ready": False, "started": ago(60).isoformat()}, True),
        ({"started": ago(60).isoformat(), "since": ago(10).isoformat()}, True),
        ({"started": ago(60).isoformat(), "since": ago(40).isoformat()}, False),
        ({"ready": False, "started": ago(900).isoformat(), "since": ago(880).isoformat()}, True),
        ({"ready": False, "started": ago(900).isoformat(), "since": ago(800).isoformat()}, False),
        ({"started": None}, True),
    ],
)
def test_cpu_counts_only_after_a_pod_has_warmed_up(made, unready):
    pods = [worker("p0", **made)]
    assert group_pods(pods, samples(1), "cpu", NOW).unready == ({"p0"} if unready else set())
    assert group_pods(pods, samples(1), "memory", NOW).unready == set()


def test_nothing_to_judge_is_an_error():
    with pytest.raises(MetricError, match="no pods returned by selector"):
        utilization([], samples(1))
    with pytest.raises(MetricError, match=r"did not receive metrics for targeted pods \(pods might be unready\)"):
        utilization([worker("p0", phase="Pending")], samples(1))
    bare = worker("p0")
    bare["spec"]["containers"][0]["resources"] = {}
    with pytest.raises(MetricError, match="missing request for cpu in container c of Pod p0"):
        utilization([bare], samples(1))


def test_a_request_is_of_sidecars_too_or_of_one_container_or_of_the_whole_pod():
    made = worker("p0")
    init = {"resources": {"requests": {"cpu": "500m"}}}
    made["spec"]["initContainers"] = [{"name": "s", "restartPolicy": "Always", **init}, {"name": "i", **init}]
    assert (request_of(made, "cpu", ""), request_of(made, "cpu", "s")) == (1500, 500)
    with pytest.raises(MetricError, match="container x not found in Pod p0"):
        request_of(made, "cpu", "x")
    made["spec"]["resources"] = {"requests": {"cpu": "3"}}
    assert request_of(made, "cpu", "") == 3000


def test_an_average_per_pod():
    assert average(workers(2), samples(3000, 2000)).replicas == 5
    assert average(workers(2), samples(3000, 2000)).usage == 2500
    assert average(workers(3), samples(100, 100)).replicas == 2  # the third counts as on target


def test_a_total_is_shared_by_ready_pods():
    options = {"target": 10_000, "tolerance": Tolerance()}
    assert judge_total(workers(3), 20_000, present=3, **options).replicas == 6
    assert judge_total(workers(3), 10_500, present=3, **options).replicas == 3
    assert judge_total([], 25_000, present=0, **options).replicas == 3
    assert judge_total([], 0, present=0, **options).replicas == 0
    with pytest.raises(MetricError, match="unable to calculate ready pods"):
        judge_total([], 25_000, present=1, **options)
    assert judge_total(workers(1), 10**30, present=1, **options).replicas == (1 << 31) - 1


def test_a_total_with_a_target_per_pod():
    verdict = judge_share(25_000, target=5000, present=3, tolerance=Tolerance())
    assert (verdict.replicas, verdict.usage) == (5, 8334)
    assert judge_share(25_000, target=5000, present=0, tolerance=Tolerance()).replicas == 5
    assert judge_share(16_000, target=5000, present=3, tolerance=Tolerance()).replicas == 3


# -- limits


def spec_of(minimum=1, maximum=100, **behavior):
    spec = {"minReplicas": minimum, "maxReplicas": maximum, "metrics": [{"type": "Resource"}]}
    if behavior:
        usual = {"selectPolicy": "Max", "policies": [policy("Percent", 100)]}
        up, down = behavior.get("up", {}), behavior.get("down", {})
        spec["behavior"] = {"scaleUp": {**usual, "stabilizationWindowSeconds": 0, **up}, "scaleDown": {**usual, **down}}
    return spec


def policy(kind, value, seconds=60):
    return {"type": kind, "value": value, "periodSeconds": seconds}


def limited(spec, asked, *, present, history=None, minimum=None):
    minimum = spec["minReplicas"] if minimum is None else minimum
    plan = plan_limited(spec, asked, present=present, minimum=minimum, history=history or History(), now=NOW)
    return plan.replicas, plan.able[0], plan.limited[1]


@pytest.mark.parametrize(
    ("asked", "present", "expected"),
    [
        (7, 5, (7, "ReadyForNewScale", "DesiredWithinRange")),
        (60, 5, (10, "ReadyForNewScale", "ScaleUpLimit")),
        (9, 1, (4, "ReadyForNewScale", "ScaleUpLimit")),
        (200, 90, (100, "ReadyForNewScale", "TooManyReplicas")),
        (0, 5, (1, "ReadyForNewScale", "TooFewReplicas")),
    ],
)
def test_bounds_without_behavior(asked, present, expected):
    assert limited(spec_of(), asked, present=present) == expected


def test_the_most_of_five_minutes_is_kept():
    history = History(asked=((ago(400), 50), (ago(200), 8), (ago(100), 4)))
    assert limited(spec_of(), 3, present=10, history=history) == (8, "ScaleDownStabilized", "DesiredWithinRange")


def test_windows_of_behavior_hold_back_both_ways():
    history = History(asked=((ago(50), 6), (ago(20), 9)))
    spec = spec_of(up={"stabilizationWindowSeconds": 60}, down={"stabilizationWindowSeconds": 30})
    assert limited(spec, 12, present=5, history=history) == (6, "ScaleUpStabilized", "DesiredWithinRange")
    assert limited(spec, 2, present=10, history=history) == (9, "ScaleDownStabilized", "DesiredWithinRange")


def test_policies_count_from_the_beginning_of_their_period():
    history = History(grown=((ago(30), 3), (ago(90), 5)), shrunk=((ago(10), 1),))
    rules = {"selectPolicy": "Max", "policies": [policy("Pods", 4), policy("Percent", 10, 120)]}
    # 10 now: 10 - 3 + 1 = 8 a minute ago, 10 - 8 + 1 = 3 two minutes ago.
    assert growth_limit(rules, 10, history, NOW) == 12
    assert growth_limit({**rules, "selectPolicy": "Min"}, 10, history, NOW) == 4
    assert growth_limit({**rules, "selectPolicy": "Disabled"}, 10, history, NOW) == 10
    assert shrink_limit(rules, 10, history, NOW) == 2
    assert shrink_limit({**rules, "selectPolicy": "Min"}, 10, history, NOW) == 4
    assert shrink_limit({**rules, "selectPolicy": "Disabled"}, 10, history, NOW) == 10


def test_the_pace_limits_and_says_so():
    spec = spec_of(up={"policies": [policy("Pods", 2)]}, down={"policies": [policy("Pods", 1)]})
    assert limited(spec, 9, present=5) == (7, "ReadyForNewScale", "ScaleUpLimit")
    assert limited(spec, 9, present=5, history=History(grown=((ago(5), 4),)))[0] == 5
    assert limited(spec, 2, present=5) == (4, "ReadyForNewScale", "ScaleDownLimit")


def test_history_forgets_after_an_hour():
    history = History(asked=((ago(4000), 1), (ago(3000), 2))).with_asked(3, NOW)
    assert [number for _at, number in history.asked] == [2, 3]
    assert History().with_change(5, 3, NOW).shrunk == ((NOW, 2),)


def test_what_needs_no_metrics():
    assert plan_unmeasured(spec_of(), 0, was_zeroed=False) == (0, "")
    assert plan_unmeasured(spec_of(), 0, was_zeroed=True) == (None, "")
    assert plan_unmeasured(spec_of(minimum=0), 0, was_zeroed=True) == (0, "")
    external = spec_of(minimum=0) | {"metrics": [{"type": "External"}]}
    assert plan_unmeasured(external, 0, was_zeroed=True) == (None, "")
    assert plan_unmeasured(spec_of(maximum=3), 5, was_zeroed=False)[0] == 3
    assert plan_unmeasured(spec_of(minimum=3), 2, was_zeroed=False)[0] == 3
    assert plan_unmeasured(spec_of(), 5, was_zeroed=False) == (None, "")


def test_a_tolerance_may_be_given():
    assert tolerance_of(spec_of(), 0.1) == Tolerance(0.1, 0.1)
    assert tolerance_of(spec_of(up={"tolerance": "50m"}), 0.1) == Tolerance(0.1, 0.05)


# -- targets and status

SURFACE = Surface(
    (
        Served("", "v1", "services", True, "Service", frozenset()),
        Served("apps", "v1", "deployments", True, "Deployment", frozenset()),
        Served("custom.metrics.k8s.io", "v1beta1", "pods/m", True, "MetricValueList", frozenset()),
    )
)


def test_a_target_is_of_a_group_in_whatever_version():
    assert find_target(SURFACE, {"apiVersion": "apps/v1beta1", "kind": "Deployment"}).plural == "deployments"
    for reference, message in (
        ({"apiVersion": "nosuch.io/v1", "kind": "Thing"}, 'no matches for kind "Thing" in group "nosuch.io"'),
        ({"apiVersion": "a/b/c", "kind": "Thing"}, "unexpected GroupVersion string: a/b/c"),
    ):
        with pytest.raises(UnknownTargetError, match=message):
            find_target(SURFACE, reference)


def test_a_selector_is_shown_as_go_shows_it():
    assert shown_selector(None) == "nil"
    selector = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}],
    }
    assert shown_selector(selector) == (
        "&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{"
        "LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}"
    )


def test_a_draft_that_says_nothing_new_is_not_written():
    before = {"desiredReplicas": 0, "currentMetrics": None}
    autoscaler = {"metadata": {"generation": 2}, "status": before}
    assert Draft(autoscaler, now=NOW).changed is None
    draft = Draft(autoscaler, now=NOW)
    draft.say("AbleToScale", "True", "r", "m")
    draft.count(2, None, [None])
    assert draft.changed == {
        "conditions": [
            {"type": "AbleToScale", "status": "True", "lastTransitionTime": STAMP, "reason": "r", "message": "m"}
        ],
        "desiredReplicas": 0,
        "currentMetrics": [{"type": ""}],
        "observedGeneration": 2,
        "currentReplicas": 2,
    }
    assert before == {"desiredReplicas": 0, "currentMetrics": None}
    assert Draft({**autoscaler, "status": draft.changed}, now=NOW).changed is None


# -- metrics


class Documents:
    """A transport to a server that has these documents, by path and query; everything else it knows nothing of."""

    def __init__(self, documents):
        self.documents = documents
        self.surface = SURFACE

    async def exchange(self, request, *, timeout_s):
        answer = self.documents.get(request.target, NotFound("404 page not found"))
        if isinstance(answer, Exception):
            raise answer
        return {"items": answer}

    async def watch(self, request, *, timeout_s):
        raise NotImplementedError

    async def close(self):
        pass


def metrics_of(documents):
    server = Documents(documents)
    return Metrics(client=Client(transport=server, rng=random.Random(1)), discovery=server)


def evaluation_of(documents, *, pods=None, present=3):
    pods = workers(3) if pods is None else pods
    workload = Workload("ns", parse_selector("app=web"), pods, present, present)
    return Evaluation(metrics=metrics_of(documents), workload=workload, tolerance=Tolerance(), now=NOW)


async def proposed(documents, spec, **more):
    proposal = await evaluation_of(documents, **more).propose(spec)
    return proposal.replicas, proposal.metric, proposal.status


PODS_PATH = "/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods?labelSelector=app%3Dweb"


def pod_metrics(name, **containers):
    return {
        "metadata": {"name": name},
        "timestamp": STAMP,
        "window": "30s",
        "containers": [{"name": key, "usage": {"cpu": value, "memory": "1Gi"}} for key, value in containers.items()],
    }


def test_a_pod_uses_what_its_containers_use_if_all_are_told():
    item = pod_metrics("p", a="100m", b="200m")
    assert (used_by(item, "cpu", ""), used_by(item, "cpu", "b"), used_by(item, "cpu", "x")) == (300, 200, None)
    del item["containers"][0]["usage"]["cpu"]
    assert (used_by(item, "cpu", ""), used_by(item, "cpu", "b")) == (None, 200)


async def test_a_resource():
    documents = {PODS_PATH: [pod_metrics(f"p{number}", c="1") for number in range(3)]}
    target = {"type": "Utilization", "averageUtilization": 50}
    assert await proposed(documents, {"type": "Resource", "resource": {"name": "cpu", "target": target}}) == (
        6,
        "cpu resource utilization (percentage of request)",
        {"type": "Resource", "resource": {"name": "cpu", "current": {"averageValue": "1", "averageUtilization": 100}}},
    )
    target = {"type": "AverageValue", "averageValue": "512Mi"}
    assert await proposed(documents, {"type": "Resource", "resource": {"name": "memory", "target": target}}) == (
        6,
        "memory resource",
        {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "1Gi"}}},
    )


async def test_a_resource_of_a_container():
    documents = {PODS_PATH: [pod_metrics(f"p{number}", c="500m", other="9") for number in range(3)]}
    source = {"name": "cpu", "container": "c", "target": {"type": "Utilization", "averageUtilization": 50}}
    replicas, metric, status = await proposed(documents, {"type": "ContainerResource", "containerResource": source})
    assert (replicas, metric) == (3, "cpu container resource utilization (percentage of request)")
    assert status["type"] == "ContainerResource"
    assert status["containerResource"]["container"] == "c"


async def test_a_custom_metric_of_pods():
    path = "/apis/custom.metrics.k8s.io/v1beta1/namespaces/ns/pods/%2A/qps?labelSelector=app%3Dweb&metricLabelSelector=a%3Db"
    values = [{"describedObject": {"name": f"p{number}"}, "timestamp": STAMP, "value": "20"} for number in range(3)]
    metric = {"name": "qps", "selector": {"matchLabels": {"a": "b"}}}
    source = {"metric": metric, "target": {"type": "AverageValue", "averageValue": "10"}}
    documents = {path.replace("%2A", "*"): values}
    assert await proposed(documents, {"type": "Pods", "pods": source}) == (
        6,
        "pods metric qps",
        {"type": "Pods", "pods": {"metric": metric, "current": {"averageValue": "20"}}},
    )


async def test_a_custom_metric_of_an_object():
    root = "/apis/custom.metrics.k8s.io/v1beta1/namespaces/ns"
    value = [{"timestamp": STAMP, "value": "30"}]
    documents = {f"{root}/services/s/hits": value, f"{root}/metrics/hits": value}
    for reference in (
        {"kind": "Service", "apiVersion": "v1", "name": "s"},
        {"kind": "Namespace", "apiVersion": "v1", "name": "x"},
    ):
        source = {"metric": {"name": "hits"}, "describedObject": reference, "target": {"type": "Value", "value": "10"}}
        replicas, metric, status = await proposed(documents, {"type": "Object", "object": source})
        assert (replicas, metric) == (9, f"{reference['kind']} metric hits")
        assert status["object"]["current"] == {"value": "30"}


async def test_an_external_metric():
    documents = {"/apis/external.metrics.k8s.io/v1beta1/namespaces/ns/q": [{"timestamp": STAMP, "value": "20"}] * 2}
    source = {"metric": {"name": "q"}, "target": {"type": "AverageValue", "averageValue": "5"}}
    assert await proposed(documents, {"type": "External", "external": source}) == (
        8,
        "external metric q(nil)",
        {"type": "External", "external": {"metric": {"name": "q"}, "current": {"averageValue": "13334m"}}},
    )


@pytest.mark.parametrize(
    ("spec", "reason", "text"),
    [
        (
            {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}},
            "FailedGetResourceMetric",
            (
                "failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: "
                "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
                "(get pods.metrics.k8s.io)"
            ),
        ),
        (
            {"type": "External", "external": {"metric": {"name": "m"}, "target": {"value": "1"}}},
            "FailedGetExternalMetric",
            (
                "failed to get m external metric value: failed to get external metric m: unable to get external metric ns/m/nil: "
                "unable to fetch metrics from external metrics API: the server could not find the requested resource "
                "(get m.external.metrics.k8s.io)"
            ),
        ),
        (
            {
                "type": "Object",
                "object": {
                    "metric": {"name": "m"},
                    "describedObject": {"apiVersion": "x/v1", "kind": "Thing", "name": "t"},
                    "target": {"type": "Value", "value": "1"},
                },
            },
            "FailedGetObjectMetric",
            (
                "failed to get object metric value: unable to get metric m on Thing ns/t: unable to fetch metrics from custom "
                'metrics API: unable to map kind Thing.x to resource: no matches for kind "Thing" in group "x"'
            ),
        ),
    ],
)
async def test_what_cannot_be_measured_is_told(spec, reason, text):
    with pytest.raises(FailedMetricError) as caught:
        await evaluation_of({}).propose(spec)
    assert (caught.value.reason, str(caught.value)) == (reason, text)
    assert text.endswith(caught.value.cause)


async def test_servers_that_are_away_or_have_nothing():
    away = metrics_of({PODS_PATH: ServiceUnavailable("no endpoints")})
    with pytest.raises(MetricError, match=r"unable to handle the request \(get pods.metrics.k8s.io\)"):
        await away.resource("ns", parse_selector("app=web"), "cpu", "")
    with pytest.raises(MetricError, match="no metrics returned from resource metrics API"):
        await metrics_of({PODS_PATH: []}).resource("ns", parse_selector("app=web"), "cpu", "")
    none = metrics_of({})
    none._discovery.surface = Surface()
    with pytest.raises(MetricError, match=r"no custom metrics API \(custom.metrics.k8s.io\) registered"):
        await none.of_pods("ns", EVERYTHING, "m", EVERYTHING)

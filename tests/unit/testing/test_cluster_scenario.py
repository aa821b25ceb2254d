"""Commands of scenarios of a whole cluster."""

from __future__ import annotations

import asyncio

import pytest

from steersman.testing.cluster import AsyncCluster
from steersman.testing.cluster_scenario import ClusterScenario, node_spec, seconds_of
from steersman.testing.held_time import HeldTimeLoop
from steersman.testing.script import parse

POD = """create
  apiVersion: v1
  kind: Pod
  metadata: {name: a, labels: {old: "1"}}
  spec: {containers: [{name: c, image: i}]}
"""


def told(script: str, root) -> list[str]:
    """What the commands print."""

    async def main() -> list[str]:
        async with AsyncCluster() as cluster:
            scenario = ClusterScenario(cluster=cluster, files=root)
            try:
                stanzas = parse(f"{script}\n----\n")
                return [line for s in stanzas for command in s.commands for line in await scenario.run(command)]
            finally:
                await scenario.close()

    with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
        return runner.run(main())


def test_nodes_join_quietly_and_run_pods(root) -> None:
    lines = told(f"node n1\n{POD}settle", root)
    assert lines == ["pod/a created", "scheduler: a -> n1", "kubelet: Running a"]


def test_labels_and_taints_come_and_go(root) -> None:
    script = f"node n1\ntaint n1 dedicated=a:NoSchedule\n{POD}label pods a new=2 old-\nget pods a metadata.labels\n"
    script += "settle\ntaint n1 dedicated:NoSchedule-\nsettle"
    lines = told(script, root)
    assert "metadata.labels:" in "\n".join(lines)
    assert not any("old" in line for line in lines)
    assert lines[-2:] == ["scheduler: a -> n1", "kubelet: Running a"]


def test_faults_and_parts_can_be_named(root) -> None:
    script = f"stop scheduler\nnode n1\n{POD}settle\nfault fail verb=create resource=pods/binding times=1 code=500\n"
    script += "start scheduler\nfaults off\ndrop-watches\nadvance 1m 30s\nclock -5"
    assert told(script, root)[1:] == ["scheduler: a -> n1", "kubelet: Running a"]


def test_a_node_can_be_short_of_memory(root) -> None:
    script = f"node n1\npress n1 MemoryPressure\nsettle\n{POD}settle\npress n1\nsettle"
    lines = told(script, root)
    assert lines.index("pod/a created") < lines.index("scheduler: a -> n1")
    assert lines[-2:] == ["scheduler: a -> n1", "kubelet: Running a"]
    assert lines.count("node: updated nodes n1") == 2


def test_images_of_a_node_are_no_labels() -> None:
    spec = node_spec("n1", {"image:web:1": "2Ki", "disk": "ssd"})
    assert (spec.images, spec.labels) == ({"web:1": 2048}, {"disk": "ssd"})


def test_what_is_no_command_is_refused(root) -> None:
    with pytest.raises(ValueError, match="unknown command 'dance'"):
        told("dance", root)
    with pytest.raises(ValueError, match="'burn' is no fault"):
        told("fault burn", root)


@pytest.mark.parametrize(("word", "seconds"), [("90", 90), ("1.5s", 1.5), ("30m", 1800), ("2h", 7200), ("1d", 86400)])
def test_spans_of_time(word: str, seconds: float) -> None:
    assert seconds_of(word) == seconds


def test_a_span_without_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="'soon' is no span of time"):
        seconds_of("soon")


def test_words_of_a_node_are_amounts_a_zone_or_labels() -> None:
    spec = node_spec("n", {"cpu": "4", "example.com/gpu": "2", "zone": "a", "disk": "ssd"})
    assert (spec.capacity, spec.zone, spec.labels) == ({"cpu": "4", "example.com/gpu": "2"}, "a", {"disk": "ssd"})


def test_nodes_come_and_go_in_numbers(root) -> None:
    lines = told("node n1..n3\nremove n1..n2\nget nodes", root)
    assert lines[0] == "hollow-nodes: deleted nodes n1 n2"
    assert [line.split()[0] for line in lines[1:]] == ["NAME", "n3"]

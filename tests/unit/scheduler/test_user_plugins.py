"""Plugins of the user's own; the one of docs/scheduler-plugins.md runs as it stands there."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from steersman.cluster.scheduler_configuration import load_scheduler_configuration
from steersman.scheduler.configuration.model import ProfileConfiguration, Source
from steersman.scheduler.configuration.read import ConfigurationError
from steersman.scheduler.cycle import decide
from steersman.scheduler.plugins.default_binder import DefaultBinder
from steersman.scheduler.profiles import build_profile
from steersman.scheduler.snapshot import snapshot_of
from steersman.scheduler.user_plugins import load_plugin, user_makers

from .nodes import node, pod, refused

GUIDE = Path(__file__).parents[3] / "docs" / "scheduler-plugins.md"


def block(language):
    (text,) = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "racks.py").write_text(block("python"))
    (tmp_path / "config.yaml").write_text(block("yaml"))
    return tmp_path


def test_the_guides_plugin_works_as_the_guide_says(folder):
    (configuration,) = load_scheduler_configuration(folder / "config.yaml").profiles
    profile = build_profile(
        configuration, {"DefaultBinder": lambda _args: DefaultBinder(client=None), **user_makers(configuration)}
    )
    old, new, serviced = (node(name, labels={"rack": rack}) for name, rack in (("a", "r1"), ("b", "r2"), ("c", "r7")))
    new["metadata"]["annotations"] = {"new": "yes"}
    nodes = [old, new, serviced]
    decision = decide(pod(), snapshot_of(nodes), profile, random.Random(1))
    assert decision.node == "b"
    assert refused(decision, nodes) == {"c": ["node(s) were in a rack that is serviced"]}
    assert decision.scores["Racks"].tolist() == [0, 500]


def test_arguments_that_it_does_not_know_are_refused(folder):
    source = Source(file=str(folder / "racks.py"))
    configuration = ProfileConfiguration("s", "profiles[0]", args={}, sources={"Racks": source})
    with pytest.raises(ConfigurationError, match="color"):
        user_makers(configuration)["Racks"]({"color": "red"})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (Source(file="nowhere.py"), "nowhere.py: FileNotFoundError"),
        (Source(module="steersman.nowhere"), "steersman.nowhere: ModuleNotFoundError"),
        (Source(module="steersman.scheduler.plugins.node_name"), "has this name; it has NodeName"),
        (Source(file="racks.txt"), "must end in .py"),
    ],
)
def test_what_is_not_there_is_told(source, told):
    with pytest.raises(ConfigurationError) as caught:
        load_plugin("Racks", source)
    assert told in str(caught.value)


def test_a_module_will_do_as_well():
    assert load_plugin("NodeName", Source(module="steersman.scheduler.plugins.node_name")).name == "NodeName"

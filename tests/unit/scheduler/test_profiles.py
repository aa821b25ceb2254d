"""What a configuration says becomes the plugins that are asked, point by point."""

from __future__ import annotations

import random

import pytest

from steersman.client.informer import Informers
from steersman.lib.aio import Tasks
from steersman.scheduler.configuration.read import ConfigurationError, read_configuration
from steersman.scheduler.device_view import DeviceView
from steersman.scheduler.framework import SKIP, Plugin
from steersman.scheduler.plugins.catalog import makers
from steersman.scheduler.profiles import build_profile
from steersman.scheduler.storage import Storage

HEAD = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
ENDS = [{"name": "PrioritySort"}, {"name": "DefaultBinder"}]


class Filterer(Plugin):
    name = "Filterer"

    def filter(self, _cycle):
        return ()


class Binder(Plugin):
    name = "Binder"

    async def bind(self, _cycle, _node):
        return SKIP


class NoReaders:
    """What plugins read is not asked for here."""

    def __getattr__(self, _name):
        return None


def profile(*, extra=None, **said):
    (configuration,) = read_configuration({**HEAD, "profiles": [said]}).profiles
    rng, informers = random.Random(1), Informers(client=None, rng=random.Random(1))
    known = makers(
        client=None,
        informers=informers,
        readers=NoReaders(),
        rng=rng,
        storage=Storage(informers=informers),
        devices=DeviceView(informers=informers),
        recorder=None,
        clock=None,
        writes=Tasks(),
    ) | {
        "Filterer": lambda _args: Filterer(),
        "Binder": lambda _args: Binder(),
    }
    return build_profile(configuration, known | (extra or {}))


def names(plugins):
    return [plugin.name for plugin in plugins]


def test_by_default_plugins_take_part_where_they_have_something_to_say():
    made = profile()
    assert names(made.at("pre_enqueue"))[:1] == ["SchedulingGates"]
    assert "NodeResourcesFit" in names(made.at("filter"))
    assert "ImageLocality" not in names(made.at("filter"))
    assert names(made.at("bind")) == ["DefaultBinder"]
    assert made.weights["TaintToleration"] == 3


def test_a_plugin_can_be_kept_from_one_point():
    made = profile(plugins={"score": {"disabled": [{"name": "TaintToleration"}]}})
    assert "TaintToleration" not in names(made.at("score"))
    assert "TaintToleration" in names(made.at("filter"))


def test_or_from_all():
    made = profile(plugins={"multiPoint": {"disabled": [{"name": "TaintToleration"}]}})
    assert "TaintToleration" not in names(made.plugins)


def test_a_star_clears_a_point_and_what_is_enabled_there_is_alone():
    made = profile(plugins={"score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeAffinity"}]}})
    assert names(made.at("score")) == ["NodeAffinity"]


def test_a_star_at_multi_point_leaves_what_is_enabled():
    made = profile(plugins={"multiPoint": {"disabled": [{"name": "*"}], "enabled": [*ENDS, {"name": "Filterer"}]}})
    assert names(made.plugins) == ["DefaultBinder", "Filterer"]


def test_a_weight_at_score_wins_over_multi_point_and_zero_is_one():
    made = profile(
        plugins={
            "score": {"enabled": [{"name": "ImageLocality", "weight": 100}]},
            "multiPoint": {"enabled": [{"name": "TaintToleration", "weight": 0}]},
        }
    )
    assert (made.weights["ImageLocality"], made.weights["TaintToleration"]) == (100, 1)


def test_what_is_enabled_anew_comes_first_then_multi_point_then_what_is_new():
    made = profile(plugins={"filter": {"enabled": [{"name": "Filterer"}, {"name": "NodePorts"}]}})
    found = names(made.at("filter"))
    assert (found[0], found[-1]) == ("NodePorts", "Filterer")
    assert found.count("NodePorts") == 1


def test_another_binder_may_take_the_place_of_the_default_one():
    made = profile(plugins={"bind": {"disabled": [{"name": "*"}], "enabled": [{"name": "Binder"}]}})
    assert names(made.at("bind")) == ["Binder"]


@pytest.mark.parametrize(
    ("plugins", "told"),
    [
        ({"filter": {"enabled": [{"name": "Nobody"}]}}, 'FilterPlugin "Nobody" does not exist'),
        ({"multiPoint": {"enabled": [{"name": "Nobody"}]}}, '"Nobody" does not exist'),
        ({"score": {"enabled": [{"name": "Filterer"}]}}, 'plugin "Filterer" does not extend ScorePlugin plugin'),
        ({"filter": {"enabled": [{"name": "Filterer"}] * 2}}, 'plugin "Filterer" already registered as "FilterPlugin"'),
        ({"multiPoint": {"enabled": [{"name": "Filterer"}] * 2}}, 'plugin "Filterer" already registered'),
        ({"bind": {"disabled": [{"name": "*"}]}}, "at least one bind plugin is needed"),
        ({"queueSort": {"disabled": [{"name": "*"}]}}, "only one queue sort plugin required"),
        ({"score": {"enabled": [{"name": "ImageLocality", "weight": 2**31 - 1}]}}, None),
    ],
)
def test_what_cannot_be_is_refused_in_upstreams_words(plugins, told):
    if told is None:
        profile(plugins=plugins)
        return
    with pytest.raises(ConfigurationError, match=r"profiles\[0\]\.plugins: ") as caught:
        profile(plugins=plugins)
    assert told in str(caught.value)

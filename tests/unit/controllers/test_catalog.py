"""Which controllers a list of names means."""

import pytest

from steersman.controllers.catalog import CONTROLLERS, OFF_BY_DEFAULT, chosen, load_controller, upstreams_name


def test_every_controller_has_the_name_that_the_catalog_has_for_it():
    assert [load_controller(name).name for name in CONTROLLERS] == list(CONTROLLERS)


@pytest.mark.parametrize("name", ["job", "job-controller", "replicationcontroller-controller", "podgc", "node_ipam"])
def test_a_controller_goes_by_upstreams_names_and_ours(name):
    (found,) = chosen([name])
    assert found in CONTROLLERS


def test_a_star_means_all_others_that_are_on_by_default():
    usual = [name for name in CONTROLLERS if name not in OFF_BY_DEFAULT]
    assert chosen(["*"]) == usual
    assert chosen(["*", "-job", "-ttl-controller"]) == [name for name in usual if name not in ("job", "ttl")]
    assert chosen(["-job", "*", "job"]) == [name for name in usual if name != "job"]
    assert chosen([]) == chosen(["-job"]) == []


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="'jub' is not in the list"):
        chosen(["*", "jub"])


def test_upstreams_names_are_all_different():
    assert len({upstreams_name(name) for name in CONTROLLERS}) == len(CONTROLLERS)

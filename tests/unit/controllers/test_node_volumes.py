"""What volumes are called."""

import pytest

from steersman.controllers.node_volumes import volume_named, volume_of


@pytest.mark.parametrize(
    ("spec", "name", "shared"),
    [
        ({"csi": {"driver": "d.io", "volumeHandle": "h1"}}, "kubernetes.io/csi/d.io^h1", False),
        (
            {"iscsi": {"targetPortal": "1.2.3.4", "iqn": "iqn.x", "lun": 0}},
            "kubernetes.io/iscsi/1.2.3.4:iqn.x:0",
            False,
        ),
        ({"fc": {"targetWWNs": ["a", "b"], "lun": 2}}, "kubernetes.io/fc/[a b]:2", False),
        ({"fc": {"wwids": ["w"]}}, "kubernetes.io/fc/[w]", False),
    ],
)
def test_volumes_that_are_attached_have_upstreams_names(spec, name, shared):
    volume = volume_of(spec, "v", ("ReadWriteOnce",))
    assert (volume.name, volume.shared) == (name, shared)
    assert volume_of(spec, "v", ("ReadWriteOnce", "ReadOnlyMany")).shared
    assert volume_named(name).driver == volume.driver


def test_what_is_made_on_a_node_or_lies_there_is_not_attached():
    assert volume_of({"csi": {"driver": "d.io"}}, "v") is None
    assert volume_of({"hostPath": {"path": "/x"}}, "v") is None

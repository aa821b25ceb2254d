"""Volumes as the drivers that took over see them."""

from __future__ import annotations

import pytest

from steersman.scheduler.csi_migration import (
    handle_of,
    is_migrated_on,
    migrated,
    migrated_plugin,
    translated_affinity,
)

from .volumes import csi_node, volume

EBS = {"awsElasticBlockStore": {"volumeID": "vol-1"}}


@pytest.mark.parametrize(
    ("spec", "labels", "driver", "handle"),
    [
        (EBS, {}, "ebs.csi.aws.com", "vol-1"),
        ({"awsElasticBlockStore": {"volumeID": "aws://us-1a/vol-2"}}, {}, "ebs.csi.aws.com", "vol-2"),
        ({"awsElasticBlockStore": {"volumeID": "aws://us-1a/2"}}, {}, "ebs.csi.aws.com", ""),
        (
            {"gcePersistentDisk": {"pdName": "d"}},
            {},
            "pd.csi.storage.gke.io",
            "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d",
        ),
        (
            {"gcePersistentDisk": {"pdName": "d"}},
            {"topology.kubernetes.io/zone": "us-1-a"},
            "pd.csi.storage.gke.io",
            "projects/UNSPECIFIED/zones/us-1-a/disks/d",
        ),
        (
            {"gcePersistentDisk": {"pdName": "d"}},
            {"topology.kubernetes.io/zone": "us-1-a__us-1-b"},
            "pd.csi.storage.gke.io",
            "projects/UNSPECIFIED/regions/us-1/disks/d",
        ),
        ({"azureDisk": {"diskURI": "u"}}, {}, "disk.csi.azure.com", "u"),
        ({"azureDisk": {"diskURI": "u", "kind": "Shared"}}, {}, "disk.csi.azure.com", ""),
        ({"cinder": {"volumeID": "i"}}, {}, "cinder.csi.openstack.org", "i"),
        ({"portworxVolume": {"volumeID": "i"}}, {}, "pxd.portworx.com", "i"),
    ],
)
def test_drivers_know_volumes_by_their_handles(spec, labels, driver, handle):
    kind = migrated(spec)
    assert (kind.driver, handle_of(kind, spec, labels)) == (driver, handle)
    assert migrated_plugin(kind.plugin) is kind


def test_other_kinds_are_not_migrated():
    assert migrated({"nfs": {}}) is None
    assert migrated_plugin("d") is None


def test_a_node_says_what_it_leaves_to_drivers():
    kind = migrated(EBS)
    assert is_migrated_on(csi_node("a", migrated="kubernetes.io/gce-pd,kubernetes.io/aws-ebs"), kind)
    assert not is_migrated_on(csi_node("a"), kind)
    assert not is_migrated_on(None, kind)


def zone(key, *values):
    return {"nodeSelectorTerms": [{"matchExpressions": [{"key": key, "operator": "In", "values": [*values]}]}]}


@pytest.mark.parametrize(
    ("labels", "affinity", "told"),
    [
        ({}, None, None),
        ({}, zone("topology.kubernetes.io/zone", "a"), zone("topology.ebs.csi.aws.com/zone", "a")),
        ({}, zone("failure-domain.beta.kubernetes.io/zone", "a"), zone("topology.ebs.csi.aws.com/zone", "a")),
        ({"topology.kubernetes.io/zone": "a__b"}, None, zone("topology.ebs.csi.aws.com/zone", "a", "b")),
        ({"failure-domain.beta.kubernetes.io/zone": "a"}, None, zone("topology.ebs.csi.aws.com/zone", "a")),
        ({}, zone("kubernetes.io/hostname", "a"), zone("kubernetes.io/hostname", "a")),
    ],
)
def test_zones_are_called_as_the_driver_does(labels, affinity, told):
    held = volume(labels=labels, **EBS, **({"nodeAffinity": {"required": affinity}} if affinity else {}))
    assert translated_affinity(held, migrated(held["spec"])) == told

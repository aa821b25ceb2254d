"""Hashes as upstream's libraries make them."""

from __future__ import annotations

from steersman.controllers.hashes import fnv32, fnv32a, go_json, safe_encode, template_hash


def test_fnv_is_that_of_its_authors():
    assert (fnv32(b""), fnv32a(b"")) == (0x811C9DC5, 0x811C9DC5)
    assert (fnv32(b"foobar"), fnv32a(b"foobar")) == (0x31F0B262, 0xBF9CF968)


def test_json_is_that_of_go():
    assert go_json({"b": [1, True, None], "a": "<&>é\u2028", "$patch": "replace"}) == (
        '{"$patch":"replace","a":"\\u003c\\u0026\\u003eé\\u2028","b":[1,true,null]}'.encode()
    )


def test_a_hash_is_spelled_without_words():
    assert safe_encode("0123456789") == "456789bcdf"


def test_a_collision_makes_another_hash():
    template = {"spec": {"containers": []}}
    hashes = {template_hash(template, None), template_hash(template, 0), template_hash(template, 1)}
    assert len(hashes) == 3
    assert template_hash({"spec": {"containers": []}}, 1) in hashes


def test_a_template_has_the_hash_that_upstream_computes():
    container = {
        "name": "c",
        "image": "img:1",
        "imagePullPolicy": "IfNotPresent",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    spec = {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    assert (template_hash(template, None), template_hash(template, 3)) == ("7b4696b95", "7955f69668")

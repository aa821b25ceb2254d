from __future__ import annotations

from steersman.scheduler.plugins.image_locality import ImageLocality, normalised_image

from ..nodes import node, place, pod, scored

MB = 1024 * 1024
POD = pod(spec={"containers": [{"name": "c", "image": "img"}]})


def holding(name, *images):
    whole = node(name)
    whole["status"]["images"] = [{"names": [image], "sizeBytes": size * MB} for image, size in images]
    return whole


def test_who_holds_the_image_is_better():
    nodes = [holding("a", ("img:latest", 500)), node("b")]
    assert scored(place(POD, nodes, ImageLocality())) == {"a": 23, "b": 0}  # 100 * (250 - 23) / (1000 - 23)


def test_an_image_counts_with_the_size_that_the_first_node_told():
    nodes = [holding("a", ("img:latest", 500)), holding("b", ("img:latest", 5))]
    assert scored(place(POD, nodes, ImageLocality())) == {"a": 48, "b": 48}


def test_small_images_do_not_count_and_large_ones_only_up_to_a_limit():
    assert scored(place(POD, [holding("a", ("img:latest", 40)), node("b")], ImageLocality()))["a"] == 0
    assert scored(place(POD, [holding("a", ("img:latest", 9000)), node("b")], ImageLocality()))["a"] == 100


def test_a_name_without_a_tag_means_the_latest():
    assert normalised_image("host:5000/img") == "host:5000/img:latest"
    assert normalised_image("host:5000/img:1") == "host:5000/img:1"

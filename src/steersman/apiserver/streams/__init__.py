"""Streams to containers: exec, attach and portforward, from what clients speak to what kubelets understand.

    client speaks                          kubelet declares ExtendWebSocketsToKubelet | any other kubelet
    SPDY/3.1, WebSocket v4 and older       passed on as it is                         | passed on as it is
    WebSocket v5.channel.k8s.io            passed on as it is                         | exec, attach: `translator`
    WebSocket SPDY/3.1+portforward.k8s.io  passed on as it is                         | portforward: `tunnel`

`connector` decides; `location` is the kubelet's URL; `remote_command` speaks SPDY to it; `channels` and `statuses` are
what WebSocket clients see. Must not: find nodes, judge options or access (subresources/pod_connect does).

Invariants: neither side is read faster than the other takes it; when one side goes, so does the other; a translated
command ends with exactly one Status, unless the client has gone.
"""

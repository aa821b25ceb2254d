"""When the verbs try again, and when not; what they send."""

from __future__ import annotations

import json
import random

import pytest

from steersman.api.errors import Conflict, InternalError, NotFound, TooManyRequests
from steersman.client.client import PATIENCE_S, Client, key_of
from steersman.client.errors import Interrupted, Unreachable
from steersman.client.request import Key, Propagation, Ref
from steersman.lib.aio import loop_time

pytestmark = pytest.mark.virtual_time

THINGS = Ref("example.com", "v1", "things", True, "Thing")
A = Key("n", "a")
BUSY = (429, {}, [("Retry-After", "2")])


@pytest.fixture
def talk(transports, scripted):
    """A client and the server that answers it."""

    def make(*answers):
        server = scripted(*answers)
        return Client(transport=transports(server), rng=random.Random(1), field_manager="me"), server

    return make


class Failing:
    """A transport without a server."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.asked = 0

    async def exchange(self, request, *, timeout_s):
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]
        return {}


async def test_a_busy_server_is_asked_again_when_it_says_so(talk):
    client, server = talk(BUSY, (503, {}, [("Retry-After", "3")]), (201, {"made": True}, ()))
    begun = loop_time()
    assert await client.create(THINGS, {"metadata": {"namespace": "n"}}) == {"made": True}
    assert len(server.asked) == 3
    assert loop_time() - begun == pytest.approx(5)


async def test_not_for_ever(talk):
    client, _ = talk(BUSY)
    begun = loop_time()
    with pytest.raises(TooManyRequests):
        await client.get(THINGS, A)
    assert loop_time() - begun <= PATIENCE_S


@pytest.mark.parametrize(
    ("answer", "error"),
    [(404, NotFound), ((409, {}, [("Retry-After", "1")]), Conflict), (500, InternalError), (429, TooManyRequests)],
)
async def test_other_refusals_are_the_callers(talk, answer, error):
    client, server = talk(answer)
    with pytest.raises(Exception) as caught:
        await client.get(THINGS, A)
    assert caught.value.code == error.code
    assert len(server.asked) == 1


async def test_what_nobody_took_is_sent_again():
    transport = Failing(Unreachable("refused"))
    client = Client(transport=transport, rng=random.Random(1))
    with pytest.raises(Unreachable):
        await client.create(THINGS, {})
    assert transport.asked > 10


async def test_what_may_have_been_done_is_repeated_only_if_that_does_no_harm():
    writing, reading = Failing(Interrupted("reset")), Failing(Interrupted("reset"))
    with pytest.raises(Interrupted):
        await Client(transport=writing, rng=random.Random(1)).create(THINGS, {})
    assert writing.asked == 1
    with pytest.raises(Interrupted):
        await Client(transport=reading, rng=random.Random(1)).get(THINGS, A)
    assert reading.asked > 10


async def test_a_deletion_says_which_object_and_how(talk):
    client, server = talk((200, {"status": "Success"}, ()))
    await client.delete(THINGS, A, uid="u", resource_version="7", propagation=Propagation.ORPHAN, grace_s=0)
    (request,) = server.asked
    assert (request.method, request.path) == ("DELETE", "/apis/example.com/v1/namespaces/n/things/a")
    assert json.loads(request.body) == {
        "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Orphan", "gracePeriodSeconds": 0,
        "preconditions": {"uid": "u", "resourceVersion": "7"},
    }  # fmt: skip


async def test_writes_name_their_author(talk):
    client, server = talk((200, {}, ()))
    await client.update_status(THINGS, {"metadata": {"namespace": "n", "name": "a"}})
    await client.patch(THINGS, A, {}, force=True, dry_run=True)
    assert server.asked[0].path.endswith("/things/a/status")
    assert server.asked[0].params == {"fieldManager": ["me"]}
    assert server.asked[1].params == {"fieldManager": ["me"], "force": ["true"], "dryRun": ["All"]}
    assert server.asked[1].headers.get("content-type") == "application/merge-patch+json"


def test_keys_of_objects():
    assert key_of({"metadata": {"namespace": "n", "name": "a"}}) == A
    assert key_of({"metadata": {"name": "a"}}) == Key("", "a")

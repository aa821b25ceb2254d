"""Scripts: what belongs to a stanza, and that rewriting keeps what people wrote."""

from __future__ import annotations

import pytest

from steersman.testing.script import ScriptError, compare, parse, render

TEXT = """\
# What this is about.

# The first step.
create
  kind: ConfigMap

  data: {}
get configmaps
----
configmap/a created

delete configmap a
----
"""


def test_a_stanza_holds_its_commands_their_text_and_their_output() -> None:
    first, second = parse(TEXT)
    assert [(command.line, command.text) for command in first.commands] == [
        ("create", "kind: ConfigMap\n\ndata: {}"),
        ("get configmaps", ""),
    ]
    assert first.expected == ("configmap/a created",)
    assert [command.line for command in second.commands] == ["delete configmap a"]
    assert second.expected == ()


def test_rewriting_with_the_expected_output_changes_nothing() -> None:
    assert render([(stanza, list(stanza.expected)) for stanza in parse(TEXT)]) == TEXT


def test_a_difference_is_shown_as_a_diff() -> None:
    first, second = parse(TEXT)
    diff = compare([(first, ["configmap/b created"]), (second, [])])
    assert "-configmap/a created" in diff
    assert "+configmap/b created" in diff
    assert compare([(first, ["configmap/a created  ", ""]), (second, [])]) == ""


@pytest.mark.parametrize("text", ["get pods\n", "  indented\n----\n"])
def test_a_script_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(ScriptError):
        parse(text)

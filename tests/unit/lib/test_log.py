"""Lines for people and for machines."""

from __future__ import annotations

import io
import json
import logging

import pytest

from steersman.lib.log import Format, configure


@pytest.fixture(autouse=True)
def restore():
    """The logging module is one for the process: leave it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    flags = logging.logThreads, logging.logProcesses, logging.logMultiprocessing
    yield
    root.handlers[:], root.level = handlers, level
    logging.logThreads, logging.logProcesses, logging.logMultiprocessing = flags
    logging.captureWarnings(False)
    for name in ("test.quiet", "test.loud"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def logged(form: Format, **options) -> tuple[io.StringIO, logging.Logger]:
    stream = io.StringIO()
    configure(form=form, stream=stream, **options)
    return stream, logging.getLogger("test.unit")


def test_text_lines_carry_fields() -> None:
    stream, logger = logged(Format.TEXT)
    logger.info("started %s", "now", extra={"peer": "10.0.0.1", "count": 3, "note": "two words", "none": None})
    time, _, rest = stream.getvalue().partition(" ")
    assert len(time) == len("2026-01-01T00:00:00.000Z")
    assert rest == 'INFO  test.unit: started now peer=10.0.0.1 count=3 note="two words" none=null\n'


def test_a_message_cannot_forge_a_line() -> None:
    stream, logger = logged(Format.TEXT)
    logger.info("path %s", "/a\n2026-01-01T00:00:00.000Z ERROR x: y", extra={"agent": "a\nb"})
    assert stream.getvalue().count("\n") == 1


def test_json_lines_are_objects() -> None:
    stream, logger = logged(Format.JSON)
    logger.warning("hé\n", extra={"count": 3, "level": "mine", "odd": {1, 2}})
    [line] = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry.pop("ts").endswith("Z")
    assert entry.pop("odd") in ("{1, 2}", "{2, 1}")
    assert entry == {"level": "warning", "logger": "test.unit", "msg": "hé\n", "count": 3, "field_level": "mine"}


@pytest.mark.parametrize("form", list(Format))
def test_tracebacks_are_kept(form: Format) -> None:
    stream, logger = logged(form)
    try:
        1 // 0  # noqa: B018
    except ZeroDivisionError:
        logger.exception("failed")
    assert "ZeroDivisionError" in stream.getvalue()
    if form is Format.JSON:
        assert json.loads(stream.getvalue())["trace"].startswith("Traceback")


def test_levels_can_differ_by_logger() -> None:
    stream, logger = logged(Format.TEXT, level="warning", levels={"test.loud": "debug"})
    logger.info("hidden")
    logging.getLogger("test.loud").debug("shown")
    assert "hidden" not in stream.getvalue()
    assert "shown" in stream.getvalue()


def test_a_second_set_up_replaces_the_first() -> None:
    first, _ = logged(Format.TEXT)
    second, logger = logged(Format.TEXT)
    logger.info("once")
    assert (first.getvalue(), second.getvalue().count("once")) == ("", 1)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown log level 'loud'"):
        configure(level="loud")

"""Stages: their order is checked, and one place runs them and notes what made what."""

from dataclasses import replace

import pytest

from worker.core.errors import Invalid
from worker.core.ports import MadeWith
from worker.core.stage import Stage, check_order, run_stage
from worker.stages import GIVEN, STAGES


def stage(name: str, *, requires: tuple[str, ...], produces: str, run=lambda **_: "value", ports=()) -> Stage:
    return Stage(name=name, requires=requires, produces=produces, gives=str, run=run, ports=ports)


class Model:
    made_with = MadeWith("a model", "a revision")


def test_the_way_of_a_call_is_in_order():
    check_order(STAGES, given=GIVEN)
    assert [stage.name for stage in STAGES] == [
        "decode",
        "listen",
        "transcribe",
        "separate",
        "attribute",
        "protect",
        "summarise",
        "check",
        "publish",
    ]


def test_a_need_that_nobody_meets_is_refused_by_name():
    late = (stage("words", requires=("sound",), produces="words"), stage("sound", requires=(), produces="sound"))
    with pytest.raises(Invalid, match="stage words needs 'sound', but before it there is only file"):
        check_order(late, given=("file",))


def test_a_value_that_is_given_twice_is_refused():
    twice = (stage("one", requires=(), produces="words"), stage("two", requires=(), produces="words"))
    with pytest.raises(Invalid, match="stage two gives 'words', which is already there"):
        check_order(twice, given=())


def test_a_stage_gets_what_it_requires_and_nothing_else():
    seen = {}

    def run(**handed):
        seen.update(handed)
        return "value"

    made = run_stage(
        stage("one", requires=("sound",), produces="words", run=run),
        {"sound": 1, "other": 2},
        {},
        code_revision="code 1",
        progress=lambda share: None,
    )
    assert set(seen) == {"sound", "progress"}
    assert made.value == "value"
    assert (made.made_by.stage, made.made_by.model, made.made_by.revision) == ("one", None, "code 1")


@pytest.mark.parametrize(("asks", "model"), [(True, "a model"), (False, None)])
def test_a_model_is_named_only_where_it_was_asked(asks: bool, model: str | None):
    def run(*, reader, progress):
        if asks:
            reader()
            reader()
        return "value"

    one = stage("one", requires=(), produces="words", run=run, ports=("reader",))
    made = run_stage(one, {}, {"reader": Model}, code_revision="code 1", progress=lambda share: None)
    assert made.made_by.model == model, "a record must not claim a model that nobody asked"


def test_a_value_of_another_type_is_a_bug_and_says_so():
    one = stage("one", requires=(), produces="words", run=lambda **_: 3)
    with pytest.raises(TypeError, match="stage one gives str, not int"):
        run_stage(one, {}, {}, code_revision="code 1", progress=lambda share: None)


def test_what_a_stage_forgets_no_later_stage_may_ask_for():
    hear = stage("hear", requires=("file",), produces="words")
    protect = replace(stage("protect", requires=("words",), produces="tokens"), forgets=("words",))
    tell = stage("tell", requires=("words",), produces="record")
    check_order((hear, protect), given=("file",))
    with pytest.raises(Invalid, match="stage tell needs 'words', but before it there is only file, tokens"):
        check_order((hear, protect, tell), given=("file",))

"""A number that was said is found however it is written; one that was not said is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.numbers import carries_number, find_numbers
from worker.core.wording import tokenize


def is_said(written: str, spoken: str) -> bool:
    others = find_numbers(tokenize(spoken))
    return all(carries_number(number, others) for number in find_numbers(tokenize(written)))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("4", "four"),
        ("25", "twenty five"),
        ("25", "twenty-five"),
        ("twenty five", "25"),
        ("102", "one hundred and two"),
        ("1,500", "one thousand five hundred"),
        ("$50", "fifty dollars"),
        ("50 dollars", "$50"),
        ("$75.34", "your balance is $75.34"),
        ("8 a.m.", "eight AM"),
        ("8:00 am", "eight a.m."),
        ("3:30", "three thirty"),
        ("2018", "twenty eighteen"),
        ("June 5th", "June fifth"),
        ("the 22nd of March", "March Twenty-Second"),
        ("five to seven business days", "within five to seven business days"),
        ("5 days", "within five to seven business days"),
        ("one week", "about a week ago"),
        ("4245551234", "four two four, five five five, one two three four"),
        ("424-555-1234", "four two four, five five five, one two three four"),
        ("0952", "zero nine five two"),
        ("2%", "two percent"),
        ("3.5", "three point five"),
        ("2 million", "two million"),
        ("a dozen", "twelve"),
    ],
)
def test_a_number_is_the_same_written_and_spoken(written: str, spoken: str) -> None:
    assert find_numbers(tokenize(written)), "There is a number here to look for."
    assert is_said(written, spoken)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("4", "five"),
        ("14", "forty"),
        ("40", "fourteen"),
        ("$20", "twenty five dollars"),
        ("two weeks", "two days"),
        ("$5", "five days"),
        ("2", "one two three four"),
        ("123", "one two three four"),
        ("8 pm", "eight am"),
        ("1952", "zero nine five two"),
        ("3", "wait a second"),
        ("2", "wait one second"),
        ("7", "no number at all"),
    ],
)
def test_a_number_that_was_not_said_is_not_found(written: str, spoken: str) -> None:
    assert not is_said(written, spoken)


def test_one_on_its_own_is_a_pronoun() -> None:
    assert find_numbers(tokenize("She wanted this one.")) == ()


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=0, max_value=10**9))
def test_two_different_numbers_in_digits_are_never_taken_for_each_other(one: int, other: int) -> None:
    assert is_said(str(one), str(other)) is (one == other)


@given(st.integers(min_value=0, max_value=99_999))
def test_every_number_is_found_again_as_it_is_spoken(value: int) -> None:
    assert is_said(f"{value} dollars", f"{spell(value)} dollars")


FIRST_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
SMALL = FIRST_TWENTY.split()
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spell(value: int) -> str:
    """How a value is said."""
    if value < 20:
        return SMALL[value]
    if value < 100:
        return TENS[value // 10] + (f" {SMALL[value % 10]}" if value % 10 else "")
    size, name = (1000, "thousand") if value >= 1000 else (100, "hundred")
    rest = f" {'and ' if value % size < 100 else ''}{spell(value % size)}" if value % size else ""
    return f"{spell(value // size)} {name}{rest}"

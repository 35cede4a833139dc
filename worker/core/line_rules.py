"""The form that settings with rules share: ``email=mask,phone=cut;line:support:email=keep``.

Rules for all lines, and those of single ones behind ``line:NAME:``; between them ``;``, between the rules of one ``,``.
What stands on the two sides of ``=`` is the subject's own (``protection``, ``keeping.rules``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

_OF_LINE = re.compile(r"line:(.+):([^:]+)")


def read_line_rules(
    text: str, read_rule: Callable[[str, str], tuple[K, V]]
) -> tuple[dict[K, V], dict[str, dict[K, V]]]:
    """The rules for all lines, and those of single ones by the name of the line; empty where there are none.

    ``read_rule`` is given what stands before and behind the ``=`` of one rule; what it raises is raised.
    """
    for_all: dict[K, V] = {}
    of_line: dict[str, dict[K, V]] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        line, rules, says = _OF_LINE.fullmatch(part), for_all, part
        if line is not None:
            rules, says = of_line.setdefault(line[1].strip(), {}), line[2]
        for rule in says.split(","):
            name, _, value = rule.partition("=")
            key, meant = read_rule(name.strip(), value.strip())
            rules[key] = meant
    return for_all, of_line

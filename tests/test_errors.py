from __future__ import annotations

import pickle
import re

import pytest

from guarismo import errors
from guarismo.errors import DataError, GuarismoError, PictureError, UsageError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GuarismoError)]


def _drawn() -> dict[str, str]:
    """Each error of the docstring's tree and its parent there."""
    parents: dict[str, str] = {}
    line_of: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([ │├└─]*)(\w+Error)\b", line):
            depth, name = len(found[1]), found[2]
            line_of = [(d, n) for d, n in line_of if d < depth]
            parents[name] = line_of[-1][1] if line_of else "Exception"
            line_of.append((depth, name))
    return parents


def test_the_tree_is_as_drawn_in_the_docstring() -> None:
    assert _drawn() == {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS}
    assert len(KINDS) == 7


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_a_process_boundary(kind: type[GuarismoError]) -> None:
    error = kind("{name}: an empty file", name="a.png")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (back.template, back.fields, str(back)) == (error.template, error.fields, "a.png: an empty file")


@pytest.mark.parametrize("kind", KINDS)
def test_the_exit_code_is_two_for_usage_and_one_for_all_else(kind: type[GuarismoError]) -> None:
    assert kind.exit_code == (2 if issubclass(kind, UsageError) else 1)
    assert issubclass(kind, UsageError) or issubclass(kind, DataError) or kind is GuarismoError


def test_a_field_with_braces_is_shown_as_it_is() -> None:
    assert str(PictureError("{name}: an empty file", name="{x}{0}.png")) == "{x}{0}.png: an empty file"

"""Errors: the hint that helps, and the exit codes of the command line."""

import pytest

from crmlib.errors import CrmError, DataError, PublishError, UsageError, nearest


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("tema", ["team", "period"], "did you mean 'team'?"),
        ("team", ["team"], "did you mean 'team'?"),
        ("xyz", ["team", "period"], "known: period, team"),
        ("xyz", [], "known: "),
        (None, ["b", "a"], "known: a, b"),
    ],
)
def test_the_nearest_name_or_all_that_is_known(name, known, hint):
    assert nearest(name, known) == hint


def test_exit_codes_are_those_of_the_command_line():
    assert [e.exit_code for e in (CrmError, UsageError, DataError, PublishError)] == [1, 2, 3, 4]

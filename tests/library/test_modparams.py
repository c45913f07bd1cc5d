"""Module parameters as functions read them."""

from __future__ import annotations

from evroute_kernel.library import modparams


def give(process, parameter, *values):
    process.settings.modparams[("m", parameter)] = list(values)


def test_the_last_value_counts(process):
    give(process, "n", 1, 2)
    give(process, "t", "a", "b")
    assert modparams.integer(process, "m", "n", 9) == 2
    assert modparams.text(process, "m", "t") == "b"
    assert modparams.values(process, "m", "n") == [1, 2]


def test_without_a_value(process):
    assert modparams.integer(process, "m", "n", 9) == 9
    assert modparams.text(process, "m", "t") is None
    assert modparams.values(process, "m", "x") == []


def test_what_is_derived_is_made_again_only_after_a_change(process):
    made = []

    def build(values):
        made.append(list(values))
        return len(values)

    give(process, "n", 1)
    assert [modparams.derived(process, "m", ("n",), build) for _ in range(3)] == [1, 1, 1]
    process.settings.modparams[("m", "n")].append(2)
    assert modparams.derived(process, "m", ("n",), build) == 2
    assert made == [[1], [1, 2]]

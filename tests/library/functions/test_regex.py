"""pcre_match and groups of patterns from a file. The patterns themselves: test_pcre."""

from __future__ import annotations

import pytest

from evroute_kernel.library.functions.regex import GroupFileError, read_groups


def test_matching_minds_letter_case(run):
    assert run("pcre_match", "friendly-scanner", "^(friendly-scanner|sipvicious)") == 1
    assert run("pcre_match", "friendly-scanner", "Scanner") == -1
    assert run("pcre_match", "friendly-scanner", "(?i)SCANNER") == 1


def test_the_dollar_of_a_pattern_is_doubled(run):
    assert run("pcre_match", "+4912345678", r"^\+49\d{8,}$$") == 1


def test_a_bad_pattern_is_minus_four(run, complaints):
    assert run("pcre_match", "abc", "(") == -4
    assert len(complaints()) == 1


def test_without_a_file_there_are_no_groups(run, complaints):
    assert run("pcre_match_group", "abc", 0) == -2
    assert len(complaints()) == 1


def test_groups_of_a_file(run, modparam, tmp_path, complaints):
    path = tmp_path / "groups"
    path.write_text("# numbers\n[0]\n^\\+49\n^0049\n\n[1]\nalice\n[2]\n", encoding="utf-8")
    modparam("regex", "file", str(path))
    assert run("pcre_match_group", "0049123") == 1
    assert run("pcre_match_group", "123", 0) == -1
    assert run("pcre_match_group", "malice", 1) == 1
    assert run("pcre_match_group", "", 2) == 1
    assert run("pcre_match_group", "x", 2) == -1
    assert complaints() == []
    assert run("pcre_match_group", "x", 3) == -4
    assert len(complaints()) == 1


def test_options_count_only_beside_a_file(run, modparam, tmp_path):
    modparam("regex", "pcre_caseless", 1)
    assert run("pcre_match", "ABC", "abc") == -1
    path = tmp_path / "groups"
    path.write_text("[0]\nabc\n", encoding="utf-8")
    modparam("regex", "file", str(path))
    assert run("pcre_match", "ABC", "abc") == 1
    assert run("pcre_match_group", "ABC", 0) == 1


def test_a_file_of_groups_is_a_regular_file(run, modparam, complaints):
    modparam("regex", "file", "/dev/zero")
    assert run("pcre_match_group", "x") == -2
    assert "it is a device, not a regular file" in str(complaints())


def test_a_missing_file_is_one_error(run, modparam, complaints):
    modparam("regex", "file", "/nonexistent/groups")
    assert run("pcre_match_group", "x") == -2
    assert len(complaints()) == 1


def test_reading_groups():
    assert read_groups("[0]\na\nb\n[1]\n") == ["((a)|(b))", "^$"]


@pytest.mark.parametrize("text", ["a\n[0]\n", "[0]\n" * 21, "[0]\n" + "x" * 500, "[0]\n" + ("y" * 400 + "\n") * 30])
def test_files_that_cannot_be_used(text):
    with pytest.raises(GroupFileError):
        read_groups(text)

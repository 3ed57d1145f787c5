"""An advice in a terminal: all of it, in the width there is, and names as they are."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from studies.made_advice import NASTY, feature_names, make_advice

from normwise.advice.terminal import show
from normwise.advice.wording import describe
from normwise.report.look.colours import COLOURS


def printed(advice, width=80, terminal=False):
    out = io.StringIO()
    # nothing of the environment, such as NO_COLOR, plays a part
    show(
        advice,
        Console(
            file=out,
            width=width,
            force_terminal=terminal,
            color_system="truecolor" if terminal else None,
            legacy_windows=False,
            _environ={},
        ),
    )
    return out.getvalue()


CASES = {
    "gaussian": {},
    "binary": {"response": "binary", "winner": "l2"},
    "one feature": {"p": 1, "null": True, "winner": None},
    "failed": {"failed": ("l1", "none"), "winner": "l2"},
    "wide": {"p": 20_000},
}


@pytest.mark.parametrize("case", CASES)
def test_it_fits_the_terminal_and_says_all(case):
    advice = make_advice(**CASES[case])
    text = printed(advice)
    assert "\x1b" not in text
    code = advice.recommendation.code.splitlines()
    lines = [line for line in text.splitlines() if line not in code or not line]
    assert max(map(len, lines)) <= 80
    # the code stays as it is, to be copied
    assert text.endswith("\n".join(code) + "\n")
    assert lines[1].startswith(advice.recommendation.headline)
    words = " ".join(text.split())
    told = advice.recommendation
    for sentence in (*told.reasons, *told.doubts, *advice.diagnosis.warnings, *advice.table.notes):
        assert sentence in words
    for item in describe(advice.diagnosis, advice.table):
        assert item.term in words
    assert "On the map" in text
    # no rule without what was measured
    place = advice.place
    for sentence in (*place.outside, place.validity, place.record):
        assert sentence in words
    assert "nan" not in words.lower().split()


def test_names_are_text():
    text = printed(make_advice(), width=200)
    for name in (*NASTY[:5], NASTY[7]):
        assert name in text
    assert f"{NASTY[0]} = {NASTY[1]}" in text


def test_a_name_gives_the_terminal_no_orders():
    advice = make_advice(names=("a\x1b]0;owned\x07b", *feature_names(11)[1:]), p=11)
    advice = replace(advice, table=replace(advice.table, notes=("Column 'a\x1b[2Jb' left out.",)))
    text = printed(advice)
    assert "\x1b" not in text
    assert "owned" in text


def test_the_penalty_has_its_colour_in_a_terminal_alone():
    for penalty in ("l1", "l2"):
        advice = make_advice(winner=penalty)
        rgb = ";".join(str(int(COLOURS[penalty][i : i + 2], 16)) for i in (1, 3, 5))
        head = printed(advice, terminal=True).splitlines()[1]
        assert head == f"\x1b[1;38;2;{rgb}m{advice.recommendation.headline}\x1b[0m"


def test_what_l1_keeps_comes_in_order():
    advice = make_advice(p=30)
    kept = advice.models.coefs.sort_values("selected", ascending=False)["feature"]
    text = printed(advice, width=200).split("What L1 keeps")[1]
    # the last of the ten is still there, the next one is not
    plain = [name for name in kept[:10] if name.startswith("feature ")]
    assert all(name in text for name in plain)
    assert kept.iloc[11] not in text.split("Coefficients per")[0]
    assert "Nothing" in printed(make_advice(p=1, null=True, never=True))


def test_negative_numbers_have_a_minus_sign():
    advice = make_advice(failed=("l1",))
    advice.models.coefs.loc[:, "l1"] = -0.5
    text = printed(advice, width=200)
    assert "−730.0 (−736.0 to −725.0) %" in text and "−0.500" in text
    assert not re.search(r"(?<![\w-])-\d", text)

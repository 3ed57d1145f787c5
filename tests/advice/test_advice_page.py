"""The page of an advice: what it says, that it stays one harmless file, and how it looks."""

import base64
import gzip
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from studies.made_advice import NASTY, feature_names, make_advice

from normwise.advice.page import download, write_page
from normwise.advice.pictures import draw
from normwise.advice.recommendation import chance
from normwise.advice.wording import (
    ANSWERS,
    agreement,
    better,
    chosen_by_chance,
    describe,
    l1_against_l2,
    shorten,
    sources,
)

CASES = {
    "gaussian": {},
    "binary": {"response": "binary", "winner": "l2"},
    "one feature": {"p": 1, "null": True, "winner": None},
    "failed": {"failed": ("l1", "none"), "winner": "l2"},
    "no penalty fails": {"failed": ("none",)},
    "wide": {"p": 20_000, "response": "binary", "failed": ("none",)},
}
VOID = {"meta", "link", "br", "use", "path"}


class Outline(HTMLParser):
    """Elements, text by element, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.found, self.text, self.ids, self.used = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        for key, value in attrs:
            if key == "id":
                self.ids.append(value)
            self.used += re.findall(r"url\(#([^)]*)\)", value or "")
            if key in ("href", "xlink:href") and value.startswith("#"):
                self.used.append(value[1:])

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Text of the page of each case, written once."""
    folder, made = tmp_path_factory.mktemp("advice"), {}

    def page(case: str) -> tuple[str, Path]:
        path = folder / f"{case}.html"
        if case not in made:
            write_page(make_advice(**CASES[case]), path)
            made[case] = path.read_text(encoding="utf-8")
        return made[case], path

    return page


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_one_harmless_file(pages, case):
    text, path = pages(case)
    outline = Outline(text)
    assert path.stat().st_size < 1_500_000
    tags = {tag for tag, _ in outline.found}
    assert not tags & {"script", "iframe", "img", "b>", "i>", "red"}
    assert not any(key.startswith("on") for _, attrs in outline.found for key in attrs)
    assert "nan" not in re.sub(r"base64,\S*", "", text).lower().split()
    # nothing is fetched: every address is a place on the page or holds its data
    for tag, attrs in outline.found:
        for key in ("href", "src", "xlink:href"):
            assert attrs.get(key, "#").startswith(("#", "data:")), (tag, attrs)
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.used) <= set(outline.ids)
    assert list(path.parent.glob("*.part*")) == []


@pytest.mark.parametrize("case", CASES)
def test_the_page_gives_the_answer(pages, case):
    advice = make_advice(**CASES[case])
    words = Outline(pages(case)[0]).words
    told = advice.recommendation
    for sentence in (told.headline, *told.reasons, *told.doubts, *told.code.splitlines()):
        assert " ".join(sentence.split()) in words
    for sentence in (*advice.diagnosis.warnings, *advice.table.notes):
        assert sentence in words
    assert "seed 7" in words and "±1 percentage points" in words
    for item in describe(advice.diagnosis, advice.table):
        assert " ".join(f"{item.term} {item.value}".split()) in words
    assert words.count("worth a look") == sum(
        item.worry for item in describe(advice.diagnosis, advice.table)
    )
    assert "Who says what" in words and "100 random halves of the rows" in words


def test_names_are_text_wherever_they_stand(pages):
    text, _ = pages("gaussian")
    outline = Outline(text)
    for name in NASTY:
        assert " ".join(name.split()) in outline.words
    assert "price [EUR] <b>" in outline.words
    # in pictures too, and digits of a name are not rounded like those of a line
    drawn = " ".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    for part in ("&lt;script&gt;alert…cript&gt;", "[red]x[/red]", "$\\alpha$ {{ 7 * 7 }}"):
        assert f">{part}</text>" in drawn
    assert ">pi 3.14159265</text>" in drawn


def test_every_table_and_picture_is_labelled(pages):
    outline = Outline(pages("gaussian")[0])
    pictures = [attrs for tag, attrs in outline.found if tag == "svg"]
    assert len(pictures) == 6
    for attrs in pictures:
        assert attrs["role"] == "img"
        assert len(attrs["aria-label"]) > 40
        assert not re.search(r"\bnan\b", attrs["aria-label"])
    count = [tag for tag, _ in outline.found].count
    assert count("table") == count("caption") == 5
    assert all("scope" in attrs for tag, attrs in outline.found if tag == "th")


def test_pictures_leave_the_settings_alone_and_are_reproducible():
    advice = make_advice()
    with mpl.rc_context({"font.size": 31, "axes.grid": False}):
        before = dict(mpl.rcParams)
        first, second = draw(advice), draw(advice)
        assert dict(mpl.rcParams) == before
    assert first == second


def test_the_download_holds_every_feature_and_no_formula():
    names = ("=1+1", "-3", "+4e2", "-cmd", "@x", "\tx", "plain")
    models = make_advice(p=7, names=names).models
    link = download(models)
    assert link["name"] == "coefficients.csv"
    frame = pd.read_csv(io.BytesIO(base64.b64decode(link["href"].split(",")[1])))
    assert list(frame["feature"]) == ["'=1+1", "-3", "+4e2", "'-cmd", "'@x", "'\tx", "plain"]
    np.testing.assert_allclose(frame["l2"], models.coefs["l2"], rtol=1e-4)
    wide = make_advice(p=20_000).models
    link = download(wide)
    assert link["name"] == "coefficients.csv.gz"
    raw = gzip.decompress(base64.b64decode(link["href"].split(",")[1]))
    assert len(pd.read_csv(io.BytesIO(raw))) == 20_000
    rng = np.random.default_rng(0)
    heavy = tuple("".join(rng.choice(list("abcdefghijklmnop"), 200)) for _ in range(12_000))
    assert download(make_advice(p=12_000, names=heavy).models) is None


def test_the_words_are_those_of_the_numbers():
    advice = make_advice()
    assert [chance(p) for p in (0, 1e-9, 0.25, 1, np.nan)] == [
        "<1\xa0%",
        "<1\xa0%",
        "25\xa0%",
        ">99\xa0%",
        "–",
    ]
    assert better(l1_against_l2(advice.contest)) == "l1"
    assert better(l1_against_l2(make_advice(winner="l2").contest)) == "l2"
    found = sources(advice)
    assert [s.says for s in found] == ["l1", "l1", "undecided", "l1"]
    assert agreement(found) == "3 of 4 name L1; the others name no winner."
    assert agreement(sources(make_advice(winner="l2"))).startswith("They do not agree")
    # what does not know a table of this kind is no witness, for or against
    beyond = replace(advice.place, rule="outside", surface="outside")
    found = sources(replace(advice, place=beyond))
    assert agreement(found) == "2 of 2 name L1."
    assert ANSWERS[found[1].says] == "outside of what was measured"
    (kept, left), *more = chosen_by_chance(advice.models)
    assert not more and len(kept) == 1 and len(left) == 2
    assert kept[0].startswith(advice.table.names[0])
    worries = {i.term: i.worry for i in describe(advice.diagnosis, advice.table)}
    assert worries["condition number"] and not worries["signal to noise"] and not worries["rank"]
    wide = make_advice(p=500)
    items = {i.term: i for i in describe(wide.diagnosis, wide.table)}
    assert items["size"].worry and items["condition number"].value == "infinite"
    assert "not defined" in items["variance inflation"].value


@pytest.mark.parametrize("most", [5, 20, 60, 300])
def test_a_name_that_is_too_long_keeps_both_ends(most):
    for name in feature_names(12):
        short = shorten(name + "\n\x00end", most)
        assert len(short) <= most and short.isprintable()
        assert short[:2] == name[:2] or most < 6
        assert short.endswith("d")


@pytest.mark.browser
def test_it_can_be_read_on_a_phone_and_in_the_dark(pages, browser):
    path = pages("gaussian")[1]
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    for width, scheme in ((360, "light"), (1440, "dark")):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        page, messages, requests = context.new_page(), [], []
        page.on("console", lambda m, to=messages: to.append(m.text))
        page.on("request", lambda r, to=requests: to.append(r.url))
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(axe)
        found = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary)))"
        )
        assert (found, messages, requests) == ([], [], [path.as_uri()])
        context.close()

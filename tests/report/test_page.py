"""Figures, claims, tables and the two pages of a small study."""

import base64
import html
import html.parser
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from studies.small import draw_all, write_page

from normwise.analysis.goals import GOALS
from normwise.analysis.points import explained_points
from normwise.analysis.tables import effects, read_tables
from normwise.files.parquet import write_parquet
from normwise.report.charts import charts
from normwise.report.claims.claim import FAILS, UNKNOWN
from normwise.report.claims.judged import judge_claims
from normwise.report.explorer import payload
from normwise.report.figures import write
from normwise.report.look.svg import lighter
from normwise.report.replicated import replication_summary, replication_words
from normwise.report.sheets.page import all_sheets
from normwise.report.summaries import grid_summary, plan_summary, theory_summary

# elements without an end
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
EVIL = "<script>alert(1)</script>&\"'"


@pytest.fixture(scope="module")
def tables(small_study):
    return read_tables(small_study.tables)


@pytest.fixture(scope="module")
def sheets(small_study, tables):
    return all_sheets(tables, small_study.config, plan_summary(tables)["rows"])


@pytest.fixture(scope="module")
def page(small_page):
    """The page that answers."""
    return small_page[0].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def evidence(small_page):
    """The page with all that stands behind it."""
    return small_page[0].with_name("evidence.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["page", "evidence"])
def either(request):
    """Each of the two pages, and its elements."""
    text = request.getfixturevalue(request.param)
    return text, Page(text)


class Page(html.parser.HTMLParser):
    """The elements of a page, which must be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.scripts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def ids(self):
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]

    @property
    def data(self):
        kinds = [attrs.get("type") for attrs in self.all("script")]
        return json.loads(self.scripts[kinds.index("application/json")])


@pytest.fixture(scope="module")
def parsed(page):
    return Page(page)


@pytest.fixture(scope="module")
def behind(evidence):
    return Page(evidence)


# figures


def test_every_shown_dataset_has_its_figure(small_figures):
    entries, folder = small_figures
    assert {"geometry", "grid", "close_paths", "close_bias_variance", "related"} <= set(entries)
    assert {"one_axis", "labels", "selection", "stability", "case_wide"} <= set(entries)
    assert {"rule", "rule_scores", "goals"} <= set(entries)
    for name in entries:
        words = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        assert words["title"] and len(words["caption"]) > 80
        assert not re.search(r"\bnan\b", words["title"] + words["caption"])


def test_figures_are_the_same_byte_for_byte(small_study, small_figures, tmp_path, monkeypatch):
    entries, folder = small_figures
    drawn = []

    def kept(svg):
        drawn.append(svg)
        return lighter(svg)

    monkeypatch.setattr(write, "lighter", kept)
    draw_all(small_study, tmp_path)
    # and no text of theirs is changed on the way to the page
    assert len(drawn) == 2 * len(entries)
    for svg in drawn:
        assert svg_texts(lighter(svg)) == svg_texts(svg)
    for name in entries:
        for kind in (".svg", "-narrow.svg", ".png", ".json"):
            again = (tmp_path / f"{name}{kind}").read_bytes()
            assert again == (folder / f"{name}{kind}").read_bytes(), f"{name}{kind}"


# the page


def test_pages_are_well_formed(either):
    ids = either[1].ids
    assert len(ids) == len(set(ids))


def test_each_page_has_its_sections(parsed, behind):
    assert {"main", "explorer", "explained", "claims", "cases", "league"} <= set(parsed.ids)
    assert {"main", "verdicts", "rule", "claims", "figures", "tables", "checks"} <= set(behind.ids)


def picture(source):
    start = "data:image/svg+xml;base64,"
    assert source.startswith(start)
    return base64.b64decode(source.removeprefix(start)).decode("utf-8")


def test_pages_show_every_figure_once_as_it_was_drawn(parsed, behind, small_figures):
    """Each in both of its drawings, for a window of any width."""
    entries, folder = small_figures
    images = [image for page in (parsed, behind) for image in page.all("img")]
    narrow = [source for page in (parsed, behind) for source in page.all("source")]
    assert all(len(image["alt"]) > 80 for image in images)
    for shown, ending in ((images, ""), (narrow, "-narrow")):
        texts = sorted(picture(element.get("src") or element["srcset"]) for element in shown)
        drawn = (folder / f"{name}{ending}.svg" for name in entries)
        assert texts == sorted(file.read_text(encoding="utf-8") for file in drawn)
        for text in texts:
            ET.fromstring(text)
    assert {f"fig-{name}" for name in entries} <= set(parsed.ids) | set(behind.ids)
    # their places are kept free, so that nothing jumps when they come
    for element in (*images, *narrow):
        shape = ET.fromstring(picture(element.get("src") or element["srcset"])).attrib
        points = [float(shape[side].removesuffix("pt")) for side in ("width", "height")]
        pixels = [int(element[side]) for side in ("width", "height")]
        assert pixels == pytest.approx([4 / 3 * v for v in points], abs=0.51)


def words_of(text):
    """How many words a reader sees, in all that is folded as well."""
    body = re.sub(r"(?s)<(script|style|pre)\b.*?</\1>", " ", text[text.index("<main") :])
    body = re.sub(r'(?s)<p class="without">.*?</p>|<option.*?</option>', " ", body)
    return len(re.findall(r"[^\W_][\w'.,-]*", html.unescape(re.sub("<[^>]*>", " ", body))))


def test_the_page_that_answers_is_short(page, parsed):
    """What a reader looks through in minutes; the evidence has the rest."""
    assert words_of(page) <= 2500
    assert sum(tag == "figure" for tag, _ in parsed.elements) <= 8


def test_pages_need_no_network(either):
    page, parsed = either
    for _, attrs in parsed.elements:
        for key in ("src", "href", "srcset", "poster", "action", "data"):
            assert not re.match(r"\s*(\w+:)?//", attrs.get(key) or "")
        for key in ("src", "srcset"):
            assert key not in attrs or attrs[key].startswith("data:")
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style
    assert not re.search(r"url\(\s*[\"']?(?!data:|#)", style)


def test_links_lead_somewhere(parsed, behind, small_page):
    ids = {"report.html": set(parsed.ids), "evidence.html": set(behind.ids)}
    for name, page in (("report.html", parsed), ("evidence.html", behind)):
        for link in page.all("a"):
            if "download" in link:
                assert link["href"] == f"tables/{link['download']}"
                assert (small_page[0].parent / link["href"]).is_file()
                continue
            file, _, target = link["href"].partition("#")
            assert not target or target in ids[file or name], link
    assert sum("download" in link for link in behind.all("a")) > 30


def test_labels_and_descriptions_have_their_element(either):
    _, parsed = either
    for _, attrs in parsed.elements:
        for key in ("for", "aria-describedby", "aria-labelledby"):
            assert set((attrs.get(key) or "").split()) <= set(parsed.ids)


def test_every_table_can_be_had_as_csv_and_parquet(behind, tables):
    names = {link["download"] for link in behind.all("a") if "download" in link}
    assert names == {f"{name}.{kind}" for name in tables for kind in ("csv", "parquet")}


def test_page_has_a_row_for_every_scenario(evidence, tables):
    start = evidence.index('id="sheet-verdicts"')
    table = evidence[start : evidence.index("</table>", start)]
    assert table.count("<tr>") == len(tables["scenarios"]) + 1


def test_page_carries_what_its_script_needs(parsed, tables):
    data = parsed.data
    assert data["explorer"] == json.loads(json.dumps(payload(tables)))
    assert data["charts"] == json.loads(json.dumps(charts()))
    cut = tables["rules"].set_index("goal").loc["prediction", "cut"]
    assert data["rule"] == {"cut": float(cut) if np.isfinite(cut) else None}
    # a place for every chart
    assert {f"chart-{name}" for name in data["charts"]} <= set(parsed.ids)


def test_every_statement_of_the_explanation_says_how_often_it_is_true(page, parsed, tables):
    section = page.partition('<section id="explained">')[2].partition("</section>")[0]
    claims = judge_claims(tables)
    linked = set(re.findall(r'href="#claim-(\d+)"', section))
    assert linked == {str(number) for number in range(1, len(claims) + 1)}


def test_each_claim_is_one_row_of_the_first_page(page, tables):
    table = page.partition('<table class="stack claims">')[2].partition("</table>")[0]
    for claim in judge_claims(tables):
        row = next(r for r in table.split("<tr") if html.escape(claim.text, quote=False) in r)
        for text in (claim.verdict, claim.often, claim.size, claim.false):
            assert text and html.unescape(text) in html.unescape(row)
            assert len(text.split()) <= 40


def test_a_sampled_data_set_has_no_sweep_and_the_page_says_why(evidence, small_figures):
    entries, _ = small_figures
    assert not any("sampled" in entry["datasets"] for entry in entries.values())
    section = evidence.partition('<section id="figures">')[2].partition("</section>")[0]
    assert "sampled: no property is swept while the others stay" in section
    assert "The scenarios of sampled are points of a scrambled Sobol" in evidence


def test_a_case_is_told_with_its_story(page):
    section = page.partition('<section id="cases">')[2].partition("</section>")[0]
    assert "Many more columns than rows" in section
    assert "A story about columns." in section
    assert 'id="fig-case_wide"' in section


def test_names_with_markup_are_shown_and_not_run(
    small_study, small_figures, page, evidence, tables, tmp_path
):
    """A title, a story and a label that would end a script or begin one."""
    entries, figures = small_figures
    datasets = [dict(d) for d in small_study.config["datasets"]]
    for dataset in datasets:
        dataset["title"] = dataset["story"] = EVIL
    paths = []
    for path in small_study.tables:
        frame = pd.read_parquet(path)
        if path.stem in ("scenarios", "ground"):
            frame["label"] = EVIL
        paths.append(tmp_path / "tables" / path.name)
        paths[-1].parent.mkdir(exist_ok=True)
        write_parquet(frame, paths[-1])
        frame.to_csv(paths[-1].with_suffix(".csv"), index=False)
    text = write_page(
        small_study,
        entries,
        figures,
        tmp_path / "report.html",
        tables=paths,
        config=small_study.config | {"datasets": datasets},
    )
    evil, plain = Page(text), Page(page + evidence)
    assert len(evil.scripts) == len(plain.scripts)
    assert len(evil.elements) == len(plain.elements)
    assert not any("alert(1)" in script for script in evil.scripts if not script.startswith("{"))
    assert {s["label"] for s in evil.data["explorer"]["scenarios"]} == {EVIL}
    body = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "<script" not in body
    # titles in the methods, stories of the cases, labels in the tables
    for place in ('id="methods"', 'id="cases"', 'id="sheet-verdicts"'):
        after = body[body.index(place) :]
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in after[: after.index("</section>")]


# its tables


def test_sheets_are_rectangles(sheets):
    assert len(sheets) >= 12
    for name, sheet in sheets.items():
        assert sheet.name == name
        assert sheet.title
        assert {len(row) for row in sheet.rows} <= {len(sheet.columns)}
        for row in sheet.rows:
            assert all(isinstance(text, str) and isinstance(kind, str) for text, kind in row)


def test_every_column_is_explained(sheets):
    for name, sheet in sheets.items():
        for column in sheet.columns:
            assert len(column["meaning"]) > 2, f"{name}: {column['label']}"
        labels = [column["label"] for column in sheet.columns]
        assert len(labels) == len(set(labels)), name


def test_no_cell_shows_what_is_not_a_number(sheets):
    for name, sheet in sheets.items():
        for row in sheet.rows:
            for text, _ in row:
                assert not re.search(r"\b(nan|inf|None|NaT)\b", text), f"{name}: {row}"


def test_sheets_have_the_rows_of_their_tables(sheets, tables):
    assert len(sheets["verdicts"].rows) == len(effects(tables))
    assert len(sheets["rule_scores"].rows) == (tables["rule_scores"]["family"] == "all").sum()
    assert len(sheets["health"].rows) == len(tables["health"])
    assert len(sheets["methods"].rows) == tables["scenarios"]["dataset"].nunique()
    # the ones that fail come first
    passed = [row[1][0] for row in sheets["health"].rows]
    assert passed == sorted(passed, key=["broken", "passed"].index)


def test_verdicts_are_told_as_in_the_table(sheets, tables):
    rows = effects(tables)
    sheet = sheets["verdicts"]
    at = [column["label"] for column in sheet.columns].index("prediction")
    names = {"l1": "L1 wins", "l2": "L2 wins"}
    for row, verdict in zip(sheet.rows, rows["verdict"], strict=True):
        text, kind = row[at]
        assert text == names.get(verdict, verdict)
        assert kind == (f"v-{verdict}" if verdict in names else "")


def test_verdicts_of_all_goals_stand_in_one_row(sheets, tables):
    rows, sheet = effects(tables), sheets["verdicts"]
    names = {"l1": "L1 wins", "l2": "L2 wins"}
    given = tables["goals"].set_index(["goal", "dataset", "scenario"])["verdict"]
    labels = [column["label"] for column in sheet.columns]
    shown = [goal for goal in GOALS if goal in labels]
    assert set(shown) == set(tables["goals"]["goal"])
    for goal in shown[1:]:
        for row, (_, key) in zip(sheet.rows, rows.iterrows(), strict=True):
            verdict = given.get((goal, key["dataset"], key["scenario"]))
            assert row[labels.index(goal)][0] == (
                "–" if verdict is None else names.get(verdict, verdict)
            )


# claims


def test_claims_turn_when_the_data_do(tables):
    before = judge_claims(tables)
    assert UNKNOWN not in [claim.verdict for claim in before]
    verdicts, summary = tables["verdicts"].copy(), tables["summary"].copy()
    # the other penalty wins every scenario that a claim gives to one of them
    few = (
        tables["scenarios"].drop_duplicates("scenario").set_index("scenario")["nonzero_share"]
        <= 0.2
    )
    sparse = verdicts["scenario"].map(few)
    verdicts["verdict"] = sparse.map({True: "l2", False: "l1"})
    # and ridge relies on fewer coefficients than the lasso
    carried = summary["metric"] == "effective_coefs"
    summary.loc[carried & (summary["penalty"] == "l2"), "mean"] = 1.0
    summary.loc[carried & (summary["penalty"] == "l1"), "mean"] = 5.0
    after = judge_claims(tables | {"verdicts": verdicts, "summary": summary})
    assert [claim.verdict for claim in after[1:4]] == [FAILS] * 3
    assert FAILS not in [claim.verdict for claim in before[1:4]]


def test_a_study_without_gaussian_features_has_its_claims(tables):
    scenarios = tables["scenarios"]
    (spreads,) = (c for c in judge_claims(tables) if c.text.startswith("L2 makes"))
    (mixed,) = (
        claim
        for claim in judge_claims(tables | {"scenarios": scenarios.assign(features="mixed")})
        if claim.text == spreads.text
    )
    # what a constant column has does not speak against the claim
    assert mixed.verdict == spreads.verdict
    assert any("coefficients nonzero" in said for said in spreads.evidence)
    assert not any("coefficients nonzero" in said for said in mixed.evidence)


def test_claims_without_a_scenario_say_so(tables):
    scenarios = tables["scenarios"]
    kept = tables | {"scenarios": scenarios[scenarios["dataset"] == "one_axis"]}
    assert judge_claims(kept)[3].verdict == UNKNOWN


# what is counted, and what is said of it


def test_no_scenario_counts_twice(tables):
    """Scenarios that a second data set shares have the same draws there."""
    twice = {
        name: pd.concat([frame, frame.assign(dataset=frame["dataset"] + "_again")])
        if {"dataset", "scenario"} <= set(frame)
        else frame
        for name, frame in tables.items()
    }
    assert len(twice["verdicts"]) == 2 * len(tables["verdicts"])
    told, again = (
        [(c.verdict, c.effect, c.evidence, c.limits) for c in judge_claims(own)]
        for own in (tables, twice)
    )
    assert told == again
    assert plan_summary(twice)["n"] == plan_summary(tables)["n"]
    for made in (grid_summary, theory_summary):
        assert str(made(twice)) == str(made(tables))


def test_points_are_differences_of_r2_on_new_rows(tables, sheets):
    points = explained_points(tables["goals"]).set_index(["dataset", "scenario"])["points"]
    rows = tables["summary"].query("metric == 'excess_risk' and tuning == 'cv_min'")
    risk = rows.set_index(["dataset", "scenario", "penalty"])["mean"]
    known = tables["scenarios"].set_index(["dataset", "scenario"])
    numbers = [key for key in points.index if known.loc[key, "response"] == "gaussian"]
    assert 0 < len(numbers) < len(points)
    for key in numbers:
        l1, l2 = risk[*key, "l1"], risk[*key, "l2"]
        total = 1 + known.loc[key, "snr"]
        assert points[key] == pytest.approx(100 * (l2 - l1) / total, abs=1e-6)
    labels = [column["label"] for column in sheets["verdicts"].columns]
    assert "points of R²" in labels and "ratio L1/L2" in labels
    # and the same in the table that the rule is learnt from
    for _, row in tables["ground"].iterrows():
        assert row["points"] == pytest.approx(points[row["dataset"], row["scenario"]])


def test_the_price_of_the_one_standard_error_rule_is_told(tables):
    text = " ".join(judge_claims(tables)[0].evidence)
    means = {
        metric: tables["summary"]
        .query("metric == @metric and tuning == 'cv_1se' and penalty == 'l1'")
        .merge(tables["scenarios"], on=["dataset", "scenario"])
        .query("nonzero_share < 0.5")["mean"]
        for metric in ("tpr", "selected_none")
    }
    for told in (means["tpr"].median(), means["selected_none"].mean()):
        # a half goes up or down by the order in which the mean is taken
        assert any(f"{100 * told + d:.0f}\N{NO-BREAK SPACE}%" in text for d in (-1e-9, 1e-9))
    assert "at a price" in text and "nothing is selected" in text


def test_a_claim_that_is_false_somewhere_does_not_simply_hold(tables):
    for claim in judge_claims(tables):
        assert not (claim.verdict == "holds" and any("eliminates" in t for t in claim.limits))
        assert not claim.text.startswith("This")


def test_published_numbers_are_counted_apart_from_what_was_chosen_here():
    rows = pd.DataFrame(
        [
            ("zou_hastie_2005", "example 1", "lasso", "median MSE", 3.06, 3.7, 1.6, "|z| < 3",
             True),
            ("zou_hastie_2005", "example 1", "ridge", "median MSE", 4.49, 9.9, 4.6, "|z| < 3",
             False),
            ("zou_hastie_2005", "example 1", "lasso against ridge", "difference of the medians",
             -1.43, -0.3, np.nan, "same sign", True),
            ("esl_ridge", "p = 20", "ridge", "best strength", 0.001, 0.001, np.nan, "equal", True),
            ("esl_ridge", "p = 20", "ridge", "degrees of freedom at strength 0.001", 20.0, 20.0,
             np.nan, "within 0.5", True),
            ("ng_2004", "all", "L2", "smallest step of the mean error", np.nan, 0.03, np.nan,
             "above 0", True),
            ("hastie_tibshirani_tibshirani_2020", "low, no correlation", "lasso",
             "risk over theory's least, geometric mean over snr", 1.0, 1.03, np.nan,
             "0.9 to 1.35", True),
        ],
        columns=["study", "case", "method", "quantity", "published", "measured", "z", "criterion",
                 "agrees"],
    )  # fmt: skip
    found = replication_summary(rows)
    first, rest = replication_words(found)
    assert first == "3 of 4 published numbers agree"
    for words in ("1 of 1 signs", "1 of 1 statements in words", "1 of 1 predictions of theory"):
        assert words in rest
    assert found["missed"] == ["Zou & Hastie (2005), example 1, ridge: 4.49 there, 9.90 here"]
    assert "3.1 and 3.7" in found["widest"] and "z = 1.6" in found["widest"]


def test_every_download_is_in_the_page_or_says_that_it_is_not(evidence, behind):
    inside = behind.data
    links = re.findall(
        r'<a href="tables/([^"]+)" download="[^"]+">[^<]+</a>([^,<]*<span class='
        r'"beside">[^<]*</span>)?',
        evidence,
    )
    assert len(links) > 30
    for name, said in links:
        assert (name in inside) != bool(said), name
    # without it a page that is sent alone loses its main table
    assert "verdicts.csv" in inside


# numbers in the figures


def svg_texts(text):
    """What a reader reads in a picture: its texts, each in one piece."""
    root = ET.fromstring(text)
    return [
        "".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")
    ]


def test_the_light_picture_says_what_was_drawn():
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 1.23456 0.001239 L 9.99999 2"/>'
        "<text>0.001</text><text>strength 0.0005</text><text>1.2345</text></svg>"
    )
    light = lighter(drawn)
    assert svg_texts(light) == ["0.001", "strength 0.0005", "1.2345"]
    # rounded, not cut
    assert 'd="M 1.23 0.00124 L 10.00 2"' in light


def test_no_figure_names_two_ticks_alike_or_shows_more_digits_than_it_knows(small_figures):
    entries, folder = small_figures
    for name in entries:
        root = ET.fromstring((folder / f"{name}.svg").read_text(encoding="utf-8"))
        for text in svg_texts(ET.tostring(root, encoding="unicode")):
            for found in re.findall(r"\d+\.\d+", text):
                assert len(found.replace(".", "").lstrip("0")) <= 5, f"{name}: {text}"
        axes = [g for g in root.iter() if re.match(r"matplotlib\.axis_\d+$", g.get("id") or "")]
        assert axes, name
        for axis in axes:
            labels = svg_texts(ET.tostring(axis, encoding="unicode"))
            numbers = [t for t in labels if re.fullmatch(r"[−-]?[\d.,]+", t)]
            assert len(numbers) == len(set(numbers)), f"{name}: {numbers}"

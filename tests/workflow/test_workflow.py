"""The real workflow, run by Snakemake in folders of its own."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from studies.extension import HALF, LARGEST
from studies.snakemake_run import CASE, CLOSE, LABELS, ROOT, SNAKEFILE, TABLES, Study, succeed

from normwise.advice.diagnosis import diagnose
from normwise.analysis.columns import BLOCK_TABLES
from normwise.analysis.trials.calibration import CELLS
from normwise.data.tables.table import Table

pytestmark = pytest.mark.workflow

# four data sets are no population: the intervals cannot cover
BROKEN = LABELS + "calibration: {replicates: 4}\n"
MINE = "  - {name: mine, source: rule}\n"
SAMPLED = """\
  - name: sampled
    design: {n_scenarios: 4, max_entries: 400}
    n_samples: {low: 18, high: 40, log: true}
    n_features: {low: 3, high: 12}
    nonzero_fraction: {low: 0.1, high: 1, log: true}
    covariance: [independent, blocks]
    correlation: {low: 0.1, high: 0.9}
"""
OWN_RULE = """
rule mine:
    output:
        "{results}/data/mine/0.npz",
    run:
        import numpy as np

        rng = np.random.default_rng(0)
        X, X_test = rng.standard_normal((6, 20, 4)), rng.standard_normal((6, 9, 4))
        noise, noise_test = rng.standard_normal((6, 20)), rng.standard_normal((6, 9))
        np.savez(
            output[0], X=X, y=X[..., 0] + noise, X_test=X_test, y_test=X_test[..., 0] + noise_test
        )
"""
INCLUDE = 'include: "{snakefile}"\n'
MODULE = """
configfile: "config.yaml"

module normwise:
    snakefile: "{snakefile}"
    config: config

use rule * from normwise
"""


@pytest.fixture
def study(tmp_path) -> Study:
    return Study(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Study:
    """A study that has been run once, on two cores, in whole files."""
    study = Study(tmp_path_factory.mktemp("finished"))
    study.configure()
    succeed(study.snakemake(targets=TABLES))
    return study


@pytest.fixture
def changed(finished):
    """The finished study, whose config a test may change for a dry run."""
    yield finished
    finished.configure()


def test_the_workflow_runs_to_its_verdicts(finished):
    verdicts = pd.read_csv(finished.results / "tables" / "verdicts.csv")
    assert set(verdicts["dataset"]) == {"close", "labels"}
    assert (verdicts["n"] == 8).all()
    assert (verdicts["n_lost"] == 0).all()
    for kind in (*BLOCK_TABLES, "theory"):
        for dataset in ("close", "labels"):
            assert (finished.results / kind / dataset / "0.parquet").is_file()


def test_a_second_run_has_nothing_to_do(finished):
    before = finished.contents()
    assert "Nothing to be done" in succeed(finished.snakemake())
    assert finished.contents() == before


def test_fitted_data_are_removed(finished):
    assert list((finished.results / "data").rglob("*.npz")) == []


def test_all_that_is_written_lies_in_the_results_folder(finished):
    outside = {p.name for p in finished.folder.iterdir()}
    assert outside == {"config.yaml", "results", ".snakemake"}


def test_cores_threads_chunks_and_folders_change_no_byte(finished, study, monkeypatch):
    # all differ at once: equal bytes prove that none matters
    study.configure(CLOSE + CASE + "threads_per_fit: 3\n", max_chunk_mb=0.005)
    for library in ("OMP", "OPENBLAS", "NUMBA"):
        monkeypatch.setenv(f"{library}_NUM_THREADS", "4")
    succeed(study.snakemake(targets=TABLES, cores=3))
    assert len(list((study.results / "fits" / "close" / "l1").iterdir())) > 1
    assert len(list((finished.results / "fits" / "close" / "l1").iterdir())) == 1
    theirs, ours = finished.contents(), study.contents()
    assert set(theirs) == set(ours)
    assert {name for name in ours if ours[name] != theirs[name]} == set()
    pd.testing.assert_frame_equal(finished.metrics(), study.metrics(), check_exact=True)


def test_data_that_travel_as_recipes_change_no_byte(finished, study):
    study.configure(CLOSE + CASE + "recipe_above_mb: 0\n")
    succeed(study.snakemake(targets=TABLES))
    assert finished.contents() == study.contents()


COUNTS = """\
  - {name: visits, n_samples: 40, n_features: 5, n_nonzero: 1, response: poisson, mean_count: 2}
"""
SEVERAL = """\
  - {name: species, n_samples: 45, n_features: 4, n_nonzero: [1, 4], response: multinomial}
  - {name: held, hold_out: true, n_samples: 45, n_features: 4, n_nonzero: 1, response: multinomial}
  - {name: own, file: own.csv, target: kind, response: multinomial, replicates: 5}
"""


def test_counts_and_several_classes_run_to_their_verdicts(study):
    rng = np.random.default_rng(0)
    own = pd.DataFrame(rng.standard_normal((60, 3)), columns=list("abc"))
    own.assign(kind=np.arange(60) % 4 + 1).to_csv(study.folder / "own.csv", index=False)
    study.configure(COUNTS + SEVERAL)
    succeed(study.snakemake(targets=("tables/verdicts.csv", "tables/rule_scores.csv")))
    verdicts = pd.read_csv(study.results / "tables" / "verdicts.csv")
    assert set(verdicts["dataset"]) == {"visits", "species", "held", "own"}
    assert (verdicts["n_lost"] == 0).all() and np.isfinite(verdicts["effect"]).all()
    sampled = verdicts[verdicts["dataset"] != "own"].groupby("dataset")["sample_se"].min() > 0
    assert dict(sampled) == {"visits": False, "species": True, "held": True}
    health = pd.read_csv(study.results / "tables" / "health.csv").set_index("check")
    assert health["passed"].all()
    told = pd.read_parquet(study.results / "estimates" / "held" / "0.parquet")
    assert len(told) and np.isfinite(told[["snr", "log_ratio"]]).all(axis=None)
    scores = pd.read_csv(study.results / "tables" / "rule_scores.csv")
    tried = scores[(scores["split"] == "study") & (scores["rule"] == "rule of thumb")]
    assert {"poisson response", "multinomial response"} <= set(tried["family"])
    assert "Nothing to be done" in succeed(study.snakemake())


def test_a_study_grows_by_what_is_new_and_is_as_if_made_at_once(study):
    both = CLOSE.replace("[1, 5]", "[1, 3, 5]")
    study.configure(both + CASE, replicates=11)
    succeed(study.snakemake(targets=TABLES))
    at_once = study.contents()
    shutil.rmtree(study.results)
    study.configure()
    succeed(study.snakemake(targets=TABLES))
    first = study.times()
    # another scenario is fitted alone
    study.configure(both + CASE)
    new = {"close"}
    jobs = dict.fromkeys(("simulate", "fit", "evaluate", "check_theory", "trace_paths"), new)
    assert study.planned(targets=TABLES) == jobs | {"compare": {""}, "learn": {""}}
    succeed(study.snakemake(targets=TABLES))
    second = study.times()
    assert {name: second[name] for name in first} == first
    assert set(second) - set(first) == {"fits/close/l1/1.npz", "fits/close/l2/1.npz"}
    # and more replicates alone
    study.configure(both + CASE, replicates=11)
    succeed(study.snakemake(targets=TABLES))
    third = study.times()
    assert {name: third[name] for name in second} == second
    # two blocks of one and one of the other, each in two chunks, under two penalties
    assert len(third) == 12
    assert study.contents() == at_once
    # fewer scenarios need nothing but the tables
    study.configure(CLOSE + CASE, replicates=11)
    assert "fit" not in study.planned(targets=TABLES)


def test_a_sampled_study_grows_by_what_is_new_and_is_as_if_made_at_once(study):
    study.configure(SAMPLED.replace("n_scenarios: 4", "n_scenarios: 6"))
    succeed(study.snakemake())
    at_once = study.contents()
    shutil.rmtree(study.results)
    study.configure(SAMPLED)
    succeed(study.snakemake())
    first = study.times()
    scenarios = pd.read_csv(study.results / "tables" / "scenarios.csv")
    assert "Nothing to be done" in succeed(study.snakemake("--dry-run"))
    study.configure(SAMPLED.replace("n_scenarios: 4", "n_scenarios: 6"))
    one = {"sampled"}
    jobs = dict.fromkeys(("simulate", "fit", "evaluate", "check_theory"), one)
    assert study.planned() == jobs | {"compare": {""}}
    succeed(study.snakemake())
    second = study.times()
    assert {name: second[name] for name in first} == first
    assert set(second) - set(first) == {"fits/sampled/l1/1.npz", "fits/sampled/l2/1.npz"}
    assert study.contents() == at_once
    grown = pd.read_csv(study.results / "tables" / "scenarios.csv")
    pd.testing.assert_frame_equal(grown[:4], scenarios)
    assert len(grown) == 6
    # what is wanted no longer is left out, and nothing is fitted
    study.configure(SAMPLED.replace("n_scenarios: 4", "n_scenarios: 3"))
    assert "fit" not in study.planned()


def test_a_report_on_what_there_is_names_what_is_missing(study):
    study.configure(CLOSE + LABELS)
    path = study.folder / "config.yaml"
    (study.folder / "half.py").write_text(HALF.replace("def path(", "def no_path(", 1))
    named = "extensions: [half.py]\npenalties: [l1, l2, half_lasso]\n"
    text = path.read_text().replace("penalties: [l1, l2]\n", named)
    path.write_text(text.replace("name: close,", "name: close, penalties: [l1, l2],"))
    answer = study.snakemake("--keep-going", targets=())
    assert answer.returncode != 0
    assert "1 scenario has no results" in answer.stderr
    assert "labels: " in answer.stderr
    assert not (study.results / "tables" / "verdicts.csv").exists()
    fits = study.times()
    succeed(study.snakemake("--config", "incomplete=true", targets=()))
    assert study.times() == fits
    missing = pd.read_csv(study.results / "tables" / "missing.csv")
    assert set(missing["dataset"]) == {"labels"}
    assert missing["reason"][0] == "NotImplementedError"
    verdicts = pd.read_csv(study.results / "tables" / "verdicts.csv")
    assert set(verdicts["dataset"]) == {"close"}
    for name in ("report.html", "evidence.html"):
        assert "missing scenarios" in (study.results / name).read_text(encoding="utf-8")
    assert "NotImplementedError" in (study.results / "evidence.html").read_text(encoding="utf-8")
    # mended, the same command finishes the study
    (study.folder / "half.py").write_text(HALF)
    succeed(study.snakemake())
    assert len(pd.read_csv(study.results / "tables" / "missing.csv")) == 0
    assert {name: t for name, t in study.times().items() if name in fits} == fits


def test_another_seed_plans_everything_again(changed):
    changed.configure(seed=8)
    both = {"close", "labels"}
    jobs = ("simulate", "fit", "evaluate", "check_theory")
    assert changed.planned() == {**dict.fromkeys(jobs, both), "compare": {""}}


def test_another_scenario_plans_its_own_data_set_again(changed):
    changed.configure(CLOSE + CASE.replace("n_samples: 24", "n_samples: 26"))
    one = {"labels"}
    jobs = ("simulate", "fit", "evaluate", "check_theory")
    assert changed.planned() == {**dict.fromkeys(jobs, one), "compare": {""}}


def test_another_data_set_leaves_the_others_alone(changed):
    changed.configure(CLOSE + CASE + LABELS.replace("labels", "more").replace("24", "26"))
    one = {"more"}
    jobs = ("simulate", "fit", "evaluate", "check_theory")
    assert changed.planned() == {**dict.fromkeys(jobs, one), "compare": {""}}


def test_another_margin_plans_the_comparison_alone(changed):
    changed.configure("".join([CLOSE, CASE, "comparison: {margin: 0.1}\n"]))
    assert changed.planned() == {"compare": {""}}


def test_two_numbers_that_change_places_are_a_change(study):
    cell = next(iter(CELLS))
    targets = (f"calibration/{cell}.parquet",)
    study.configure(LABELS + "calibration: {replicates: 6}\n", replicates=8)
    succeed(study.snakemake(targets=targets))
    assert study.planned(targets=targets) == {}
    study.configure(LABELS + "calibration: {replicates: 8}\n", replicates=6)
    assert study.planned(targets=targets) == {"calibrate": {""}}


def test_another_title_does_not_fit_anything_again(changed):
    changed.configure(CLOSE.replace("figure", "title: Seen closely, figure") + CASE)
    assert set(changed.planned()) <= {"compare"}


def test_another_margin_is_learnt_from_again(changed):
    changed.configure("".join([CLOSE, CASE, "comparison: {margin: 0.1}\n"]))
    assert changed.planned(targets=TABLES) == {"compare": {""}, "learn": {""}}


def test_holding_out_a_data_set_does_not_fit_anything_again(changed):
    changed.configure(CLOSE.replace("figure", "hold_out: true, figure") + CASE)
    described = {"estimate": {"close"}}
    assert changed.planned(targets=TABLES) == {"compare": {""}, "learn": {""}} | described


def test_what_is_estimated_is_what_the_data_that_were_fitted_show(study):
    unseen = LABELS.replace("{name: labels", "{name: unseen, hold_out: true")
    target = ("tables/rules.csv",)
    study.configure(unseen + "keep_data: true\n")
    succeed(study.snakemake(targets=target))
    found = pd.read_parquet(study.results / "estimates" / "unseen" / "0.parquet")
    with np.load(study.results / "data" / "unseen" / "0.npz") as data:
        X, y = data["X.0"], data["y.0"]
    assert list(found["replicate"]) == [0, 1]
    names = tuple(f"x{j}" for j in range(X.shape[2]))
    for number, row in found.iterrows():
        table = Table(X[number], y[number], names, "binary", "y", None, "", {}, (), ())
        signal = diagnose(table, 7)[1]
        shown = [signal.snr, signal.sparsity.middle, signal.nearest_correlation]
        assert list(row[["snr", "effective_nonzero", "nearest_correlation"]]) == shown
    # more of them are described, and nothing is fitted or judged again
    more = unseen + "keep_data: true\ncomparison: {estimate_replicates: 3}\n"
    study.configure(more)
    assert study.planned(targets=target) == {"estimate": {"unseen"}, "learn": {""}}
    study.configure(more.replace("3}", "0}"))
    assert study.planned(targets=target) == {"learn": {""}}


def test_another_story_plans_no_table_of_what_is_told(changed):
    changed.configure(CLOSE + CASE.replace("figure", "story: It was once, figure"))
    planned = changed.planned(targets=TABLES)
    assert set(planned) <= {"compare", "learn"}


def test_other_chunks_and_cores_plan_no_fit_of_another_data_set(changed):
    changed.configure(max_chunk_mb=63)
    assert changed.planned() == {}


@pytest.mark.parametrize("dry", [True, False])
def test_a_bad_config_stops_the_run_with_one_message_before_any_job(study, dry):
    study.configure(CLOSE.replace("n_nonzero: [1, 5]", "n_nonzero: [1, 6]"))
    answer = study.snakemake(*["--dry-run"] * dry)
    text = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert "Traceback" not in text
    assert text.count("n_nonzero (6) exceeds n_features (5)") == 1
    # what goes before is Snakemake's
    message = text[text.index(str(study.folder / "config.yaml")) :]
    assert message.splitlines()[0].endswith("config.yaml: 1 problem(s)")
    assert len(message.strip().splitlines()) == 2
    assert not study.results.exists()


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> tuple[Study, subprocess.CompletedProcess]:
    """A strict study whose checks break, run by a copy of the repository that a test may edit."""
    home = tmp_path_factory.mktemp("home")
    # with the compiled code, which takes long to make
    for part in ("src", "workflow"):
        shutil.copytree(ROOT / part, home / part)
    study = Study(tmp_path_factory.mktemp("copied"), home)
    study.configure(BROKEN + "strict: true\n")
    return study, study.snakemake(targets=())


def test_a_strict_study_whose_checks_break_fails_after_its_report(copied):
    study, answer = copied
    assert answer.returncode != 0
    assert "checks are broken" in (study.results / "logs" / "enforce_health.log").read_text()
    health = pd.read_csv(study.results / "tables" / "health.csv")
    assert not health["passed"].all()
    page = (study.results / "report.html").read_text(encoding="utf-8")
    assert "Do not rely on the numbers" in page
    assert not (study.results / "healthy").exists()
    study.configure(BROKEN)
    assert study.planned(targets=()).keys() <= {"report", "provenance", "all"}
    study.configure(BROKEN + "strict: true\n")


# place of an edit, what it replaces, and what is then to be made of the report and the record
EDITS = {
    "a comment": ("report/figures/goals.py", "def draw(", "# a remark\ndef draw(", {}),
    "a caption": (
        "report/figures/geometry.py",
        "Coloured: the coefficients",
        "Filled: the coefficients",
        {"figure": {"geometry"}, "report": {""}, "provenance": {""}},
    ),
    "a number of a figure": (
        "report/figures/goals.py",
        "PLACED = True",
        "PLACED = True\nANOTHER_NUMBER = 1",
        {"figure": {"goals"}, "report": {""}, "provenance": {""}},
    ),
    "a message about the disk": ("files/errors.py", "the disk is full", "no room is left", {}),
    "the words of an error": ("files/arrays.py", "not a whole .npz file", "half a file", {}),
    "the meaning of a column": (
        "analysis/columns.yaml",
        "Solver iterations",
        "Iterations",
        {"report": {""}, "provenance": {""}},
    ),
    "the style of the page": (
        "report/templates/report.css",
        "{",
        "{ --unused: 1;",
        {"report": {""}, "provenance": {""}},
    ),
}


@pytest.fixture(scope="module")
def recorded(copied) -> Study:
    """The copied study with its record, which the broken checks held back."""
    study, _ = copied
    succeed(study.snakemake(targets=("provenance.json",)))
    return study


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_makes_again_what_shows_it_and_nothing_else(recorded, what):
    study = recorded
    file, old, new, expected = EDITS[what]
    path = study.home / "src" / "normwise" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    try:
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        planned = study.planned(targets=("report.html", "provenance.json"))
        assert planned == expected
    finally:
        path.write_text(text, encoding="utf-8")


SCRIPTS = {
    "fit": {"simulate", "fit", "evaluate", "check_theory", "compare", "learn", "figure"},
    "compare": {"compare", "learn", "figure"},
    "report": set(),
    "provenance": None,
}


@pytest.mark.parametrize("rule", SCRIPTS)
def test_an_edit_of_a_script_runs_its_rule_again_and_a_remark_in_it_does_not(recorded, rule):
    study = recorded
    path = study.home / "workflow" / "scripts" / f"{rule}.py"
    text = path.read_text(encoding="utf-8")
    targets = ("report.html", "provenance.json")
    try:
        path.write_text(text.replace("\nwith ", "\n# a remark\nwith "), encoding="utf-8")
        assert study.planned(targets=targets) == {}
        path.write_text(text.replace("\nwith ", "\nANOTHER = 1\nwith "), encoding="utf-8")
        after = SCRIPTS[rule]
        expected = {"provenance"} if after is None else {rule, "report", "provenance"} | after
        assert study.planned(targets=targets).keys() == expected
    finally:
        path.write_text(text, encoding="utf-8")


def test_the_time_of_a_file_makes_nothing_run_again(recorded):
    study = recorded
    targets = ("report.html", "provenance.json")
    code = [p for part in ("src", "workflow") for p in (study.home / part).rglob("*.*")]
    made = [p for p in study.results.rglob("*.*") if p.is_file()]
    assert len(code) > 200 and len(made) > 50
    # as after a change of branch and back, and as a copy has them: in any order
    for files in (code, made[::-1], made):
        for file in files:
            file.touch()
        assert study.planned(targets=targets) == {}


def test_a_study_and_the_code_that_made_it_can_move(recorded, tmp_path):
    moved = Study(recorded.folder, tmp_path / "moved")
    for part in ("src", "workflow"):
        shutil.copytree(recorded.home / part, moved.home / part, copy_function=shutil.copy)
    assert (
        moved.planned(targets=("report.html", "provenance.json", "tables/replications.csv")) == {}
    )


def own_snakefile(study: Study, frame: str) -> Path:
    path = study.folder / "Snakefile"
    own = OWN_RULE.format(results=study.results)
    path.write_text(frame.format(snakefile=SNAKEFILE) + own)
    return path


def test_a_snakefile_that_includes_the_workflow_adds_a_data_set(study):
    study.configure(MINE)
    succeed(study.snakemake(snakefile=own_snakefile(study, INCLUDE)))
    verdicts = pd.read_csv(study.results / "tables" / "verdicts.csv")
    assert set(verdicts["dataset"]) == {"mine"}
    assert set(verdicts["metric"]) == {"test_error"}
    assert (verdicts["n"] == 6).all()


def test_a_snakefile_that_uses_the_workflow_as_a_module_adds_a_data_set(study):
    study.configure(MINE + LABELS)
    planned = study.planned(snakefile=own_snakefile(study, MODULE))
    assert planned["fit"] == planned["evaluate"] == {"mine", "labels"}
    assert planned["simulate"] == {"labels"}
    assert "mine" in planned


def test_a_penalty_and_a_metric_from_files_join_by_being_named(study):
    for name, text in {"half.py": HALF, "largest.py": LARGEST}.items():
        (study.folder / name).write_text(text)
    named = "extensions: [half.py, largest.py]\nmetrics: [largest_error]\n"
    named += "penalties: [l1, l2, half_lasso]\n"
    study.configure(LABELS)
    path = study.folder / "config.yaml"
    path.write_text(path.read_text().replace("penalties: [l1, l2]\n", named))
    succeed(study.snakemake())
    verdicts = pd.read_csv(study.results / "tables" / "verdicts.csv")
    assert {("l1", "half_lasso"), ("l2", "half_lasso")} <= set(
        zip(verdicts["first"], verdicts["second"], strict=True)
    )
    goals = pd.read_csv(study.results / "tables" / "goals.csv")
    assert "largest_error" in set(goals["goal"])
    # a change runs again what it touches
    (study.folder / "half.py").write_text(HALF + "\nX = 1\n")
    planned = study.planned()
    assert planned.keys() == {"simulate", "fit", "evaluate", "check_theory", "compare"}
    (study.folder / "half.py").write_text(HALF)
    (study.folder / "largest.py").write_text(LARGEST + "\nX = 1\n")
    assert study.planned().keys() == {"evaluate", "compare"}
    (study.folder / "largest.py").write_text("x = 1 / 0\n")
    answer = study.snakemake("--dry-run")
    text = answer.stdout + answer.stderr
    assert "largest.py fails with ZeroDivisionError" in text
    assert "Traceback" not in text


def test_a_broken_data_file_stops_its_fit_with_a_message_in_the_log(study):
    study.configure(MINE)
    data = study.results / "data" / "mine" / "0.npz"
    data.parent.mkdir(parents=True)
    np.savez(data, X=np.zeros((5, 20, 3)))
    answer = study.snakemake(targets=("fits/mine/l1/0.npz",))
    assert answer.returncode != 0
    log = study.results / "logs" / "fit" / "mine" / "l1" / "0.log"
    assert f"{data}: array 'y' is missing" in log.read_text()
    assert not (study.results / "fits" / "mine" / "l1" / "0.npz").exists()


def test_replications_are_a_target_of_their_own(study):
    study.configure(LABELS + "replications: {zou_hastie_2005: 30}\n")
    planned = study.planned(targets=("tables/replications.csv",))
    assert planned.keys() == {"replicate", "judge_replications"}


AUDITED = """\
scenario,n,p,s0,SNR,corDesign,rho,pB,s0B,mean.lasso,sd.lasso,mean.ridge,sd.ridge
1,40,60,4,1,Independence,0,0,0,9.0,0.9,9.5,0.8
7,40,60,4,2,Pairwise,0.9,10,2,5.0,0.5,5.5,0.5
9,40,60,6,2,Pairwise,0.5,10,5,6.0,0.6,6.5,0.6
"""
REGIMES = ("tables/audit_regimes.csv",)


def test_a_published_table_is_put_to_the_test(study, tmp_path):
    published = tmp_path / "published.csv"
    published.write_text(AUDITED)
    audit = "audit: {{table: '{}', n_scenarios: {}, replicates: 3}}\n"
    study.configure(LABELS + audit.format(published, 2))
    succeed(study.snakemake(targets=REGIMES))
    tables = study.results / "tables"
    fits = {f: f.stat().st_mtime_ns for f in (study.results / "audit" / "rerun").iterdir()}
    assert len(pd.read_csv(tables / "audit.csv")) == len(fits) == 2
    assert pd.read_csv(tables / "audit_theory.csv")["published_scenario"].tolist() == [1, 9, 7]
    assert pd.read_csv(tables / "audit_regimes.csv")["n"].iloc[0] == 3
    # one more scenario is all that is run
    study.configure(LABELS + audit.format(published, 3))
    assert study.planned(targets=REGIMES).keys() == {"audit_scenario", "judge_audit"}
    succeed(study.snakemake(targets=REGIMES))
    assert all(f.stat().st_mtime_ns == time for f, time in fits.items())
    assert len(pd.read_csv(tables / "audit.csv")) == 3


def test_an_audit_without_its_table_says_what_it_needs(study):
    study.configure(LABELS)
    answer = study.snakemake(targets=REGIMES)
    assert answer.returncode != 0
    log = (study.results / "logs" / "judge_audit.log").read_text()
    assert "audit.table ('') names no file" in log
    study.configure(LABELS + "audit: {table: absent.csv}\n")
    answer = study.snakemake(targets=REGIMES)
    assert "absent.csv: cannot be read" in answer.stdout + answer.stderr

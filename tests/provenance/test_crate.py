"""What a results folder says of itself holds, and other tools can read it."""

import json
import os
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
import requests
import requests_cache
import yaml
from cffconvert import Citation
from frictionless import Package, system
from rocrate_validator import services

from normwise.analysis.meanings import column_meanings
from normwise.data.generated import DATASETS
from normwise.files.whole import sha256
from normwise.provenance.machine import environment
from normwise.provenance.record import describe_file, study_config
from normwise.provenance.runs import NO_END, Run, contributing, digest, read_runs
from normwise.study.config import check_config

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# the terms of that context which a crate of ours uses; as there, all but three are schema.org's
TERMS = """
    ComputerLanguage CreateAction CreativeWork Dataset Organization SoftwareApplication
    SoftwareSourceCode about actionStatus agent author contentSize creator datePublished description
    encodingFormat endTime hasPart instrument license mainEntity mentions name object
    programmingLanguage result softwareRequirements softwareVersion startTime url version
"""
OTHER_TERMS = {
    "File": "http://schema.org/MediaObject",
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "conformsTo": "http://purl.org/dc/terms/conformsTo",
}
PUBLISHED = (
    "provenance.json",
    "ro-crate-metadata.json",
    "tables/datapackage.json",
    "config.yaml",
    "README.md",
)
# what is recommended and not known: who runs and publishes a study, and where the project is
UNKNOWN = {
    "The Application SHOULD have a url",
    "The SoftwareApplication id SHOULD be an absolute URI",
    "The Main Workflow SHOULD comply with Bioschemas ComputationalWorkflow profile version 1.0 or "
    "later",
    "The Action SHOULD have an agent that is a Person or Organization",
    "The `publisher` property of a `Root Data Entity` SHOULD be an `Organization`",
    "The organization SHOULD have a URL.",
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> str:
    """The validator's cache of web pages, with the one that it asks for."""
    path = str(tmp_path_factory.mktemp("cache") / "http")
    context = {term: f"http://schema.org/{term}" for term in TERMS.split()} | OTHER_TERMS
    with requests_cache.CachedSession(path, backend="sqlite", expire_after=-1) as session:
        for accepted in ("", ", */*;q=0.1"):
            headers = {"Accept": f"application/ld+json, application/json{accepted}"}
            request = requests.Request("GET", CONTEXT, headers=headers).prepare()
            answer = requests_cache.CachedResponse(
                status_code=200,
                url=CONTEXT,
                headers={"Content-Type": "application/ld+json"},
                request=requests_cache.CachedRequest.from_request(request),
            )
            answer._content = json.dumps({"@context": context}).encode()
            session.cache.save_response(answer, session.cache.create_key(request))
    return path


def issues(folder: Path, cache: str, severity: str) -> set[str]:
    """What the community's validator has to say."""
    answer = services.validate(
        {
            "rocrate_uri": str(folder),
            "profile_identifier": "workflow-run-crate",
            "requirement_severity": severity,
            "offline": True,
            "cache_path": cache,
            "cache_max_age": -1,
        }
    )
    return {issue.message for issue in answer.get_issues()}


@pytest.mark.workflow
def test_crate_keeps_every_requirement_and_all_recommendations_that_can_be_kept(published, cache):
    assert issues(published.results, cache, "REQUIRED") == set()
    assert issues(published.results, cache, "RECOMMENDED") == UNKNOWN


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("entity", "key"),
    [("./", "license"), ("./", "mainEntity"), ("#run", "instrument"), ("./", "datePublished")],
)
def test_a_crate_that_lacks_something_is_refused(published, cache, tmp_path, entity, key):
    folder = shutil.copytree(published.results, tmp_path / "results")
    path = folder / "ro-crate-metadata.json"
    crate = json.loads(path.read_text())
    del next(e for e in crate["@graph"] if e["@id"] == entity)[key]
    path.write_text(json.dumps(crate))
    assert issues(folder, cache, "REQUIRED")


@pytest.fixture
def crate(published) -> dict[str, dict]:
    """Entities by id."""
    graph = json.loads((published.results / "ro-crate-metadata.json").read_text())["@graph"]
    assert len({e["@id"] for e in graph}) == len(graph)
    return {e["@id"]: e for e in graph}


@pytest.fixture
def record(published) -> dict:
    return json.loads((published.results / "provenance.json").read_text())


@pytest.mark.workflow
def test_crate_has_every_file_with_its_digest_and_what_was_made_from_what(published, crate):
    files = {i: e for i, e in crate.items() if "File" in e["@type"]}
    for name, entity in files.items():
        assert entity["sha256"] == sha256(published.results / name)
        assert entity["contentSize"] == str((published.results / name).stat().st_size)
    shown = [p for kind in ("tables", "figures") for p in (published.results / kind).iterdir()]
    there = {p.relative_to(published.results).as_posix() for p in shown}
    pages = {"report.html", "evidence.html"}
    assert there | pages | {"provenance.json", "Snakefile", "README.md"} <= set(files)
    action = crate["#run"]
    assert {e["@id"] for e in action["object"]} == {"config.yaml", "sources/rows.npz"}
    assert {e["@id"] for e in action["result"]} == there | pages
    parts = {e["@id"] for e in crate["./"]["hasPart"]}
    assert parts == set(files) | {"fits/", "metrics/"}


@pytest.mark.workflow
def test_nothing_that_is_published_names_the_machine_or_its_folders(published):
    (run,) = read_runs(published.results / "runs.jsonl")
    assert str(published.folder) in run["command"]
    for name in PUBLISHED:
        text = (published.results / name).read_text()
        assert str(published.folder) not in text
        assert f'"{run["host"]}"' not in text


@pytest.mark.workflow
def test_record_says_what_the_study_was_made_from(published, record):
    assert set(record["environment"]) == {*environment(), "digest"}
    assert {"numpy", "scipy", "numba", "llvmlite", "snakemake"} <= set(
        record["environment"]["packages"]
    )
    assert all(blas["num_threads"] == 1 for blas in record["environment"]["blas"])
    assert record["code"]["lock"]
    assert {"simulate", "evaluate", "fit/l1", "fit/l2", "report"} <= set(record["code"]["rules"])
    assert record["seeds"]["root"] == record["config"]["seed"] == 7
    assert record["config_digest"] == digest(record["config"])
    assert record["fits"]["by_penalty"] == {"l1": 42, "l2": 42}
    own = {name: describe_file(published.folder / name) for name in ("houses.csv", "waves.py")}
    assert record["inputs"] == own
    assert list(record["files"]) == sorted(record["files"])
    for name, found in record["files"].items():
        assert found == describe_file(published.results / name)
    fits = {
        p.relative_to(published.results).as_posix() for p in published.results.glob("fits/*/*/*")
    }
    assert fits <= set(record["files"])


@pytest.mark.workflow
def test_record_names_the_run_that_made_the_files(published, record):
    (run,) = read_runs(published.results / "runs.jsonl")
    (told,) = record["runs"]
    assert record["started"] == told["start"] == run["start"] < record["finished"]
    # it ran on when this was written
    assert [told["end"], told["outcome"]] == [None, NO_END]
    assert run["outcome"] == "success"
    assert record["finished"] <= run["end"]
    assert told["environment"] == record["environment"]["digest"]


@pytest.mark.workflow
def test_config_on_record_makes_the_same_study(published, record, schema_file, monkeypatch):
    # what the extension registers
    monkeypatch.setitem(DATASETS, "waves", None)
    config = yaml.safe_load((published.results / "config.yaml").read_text())
    assert config == record["config"]
    assert study_config(check_config(config, schema_file, "config.yaml")) == config


@pytest.mark.workflow
def test_a_changed_table_is_recorded_again_and_nothing_else_is_made(published, tmp_path):
    assert "Nothing to be done" in published.run()
    assert len(read_runs(published.results / "runs.jsonl")) == 1
    path = published.results / "tables" / "health.csv"
    then = path.stat()
    time.sleep(0.01)
    whole = path.read_bytes()
    path.write_bytes(whole + b"\n")
    said = published.run("--dry-run")
    assert "provenance" in said
    assert "report " not in said.split("Job stats:")[1].split("total")[0]
    assert len(read_runs(published.results / "runs.jsonl")) == 1
    path.write_bytes(whole)
    os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert "Nothing to be done" in published.run()


@pytest.mark.workflow
def test_tables_keep_to_their_data_package(published, tmp_path):
    folder = shutil.copytree(published.results / "tables", tmp_path / "tables")
    with system.use_context(trusted=False):
        package = Package(str(folder / "datapackage.json"))
        assert {r.name for r in package.resources} == {p.stem for p in folder.glob("*.csv")}
        answer = package.validate()
        assert answer.valid, answer.flatten(["type", "message"])[:5]
        for resource in package.resources:
            for field in resource.schema.fields:
                assert field.description == column_meanings(resource.name)[field.name]
    frame = pd.read_csv(folder / "verdicts.csv")
    frame["n"] = frame["n"].astype(str) + "x"
    frame.to_csv(folder / "verdicts.csv", index=False)
    found = Package(str(folder / "datapackage.json")).validate().flatten(["type"])
    assert ["hash-count"] in found or ["type-error"] in found


def test_citation_keeps_its_schema_and_names_this_version(root):
    text = (root / "CITATION.cff").read_text(encoding="utf-8")
    Citation(text).validate()
    cited = yaml.safe_load(text)
    assert cited["version"] == environment()["packages"]["normwise"]
    assert {"date-released", "abstract", "keywords", "references", "license"} <= set(cited)
    with pytest.raises(Exception, match=r"required property|Additional properties"):
        Citation(text.replace('title: "normwise', 'titel: "normwise')).validate()


def test_a_run_that_was_killed_has_a_start_and_no_end(tmp_path):
    log = tmp_path / "results" / "runs.jsonl"
    killed, failed = Run(log), Run(log)
    killed.start()
    failed.start()
    failed.end("error")
    first, second = read_runs(log)
    assert [first["end"], first["outcome"]] == [None, NO_END]
    assert second["outcome"] == "error"
    assert second["start"] <= second["end"]
    assert {"commit", "host", "command", "environment"} <= set(first)


def test_a_line_that_a_crash_cut_off_spoils_no_other(tmp_path):
    log = tmp_path / "runs.jsonl"
    Run(log).start()
    whole = log.read_bytes()
    log.write_bytes(whole + whole[:40])
    late = Run(log)
    late.start()
    late.end("success")
    assert [run["outcome"] for run in read_runs(log)] == [NO_END, "success"]


def test_runs_that_made_none_of_the_files_are_left_out():
    runs = [
        {"run": name, "start": f"2026-11-25T10:00:{second:02}.000+00:00"}
        for name, second in (("a", 10), ("b", 20), ("c", 30))
    ]
    at = pd.Timestamp("2026-11-25T10:00:00Z").timestamp()
    assert contributing(runs, [at + 12, at + 35]) == ([runs[0], runs[2]], True)
    # a file that is older than the log
    assert contributing(runs, [at + 5, at + 20]) == ([runs[1]], False)
    assert contributing([], [at]) == ([], False)

"""The sections of the page, and what each shows."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from normwise.analysis.judge.health import passed_all
from normwise.analysis.learn.atlas import KINDS, read_atlas
from normwise.analysis.tables import Tables, distinct, effects
from normwise.audit.shipped import REGIMES, read_found
from normwise.data.imported import Source
from normwise.report.answer import answer
from normwise.report.claims.claim import Claim
from normwise.report.claims.judged import judge_claims
from normwise.report.decision import cost_of_both, decision, league, scores_of
from normwise.report.explorer import payload
from normwise.report.figures.drawing import Entry, is_placed
from normwise.report.look.numbers import words
from normwise.report.look.sheet import Sheet
from normwise.report.look.words import VERDICT_NAMES
from normwise.report.others import knight_bajaj, wang
from normwise.report.replicated import replication_summary, replication_words
from normwise.report.sheets.datasets import own_data_sheet
from normwise.report.sheets.others import regimes_sheet
from normwise.report.summaries import (
    grid_summary,
    job_summary,
    plan_summary,
    theory_summary,
    timing_summary,
)


@dataclass(frozen=True)
class Results:
    """What a study has made, as the sections use it.

    Attributes
    ----------
    tables : dict of str to DataFrame
    files : dict of str to path
        Where the tables lie.
    config : mapping
        The checked config.
    gallery : mapping of str to mapping
        Entries of the figures by name.
    pictures : dict of str to dict
        Figures as the page shows them, by name.
    sources : dict of str to Source
        The tables of the user's that were read, by data set.
    timings : sequence of paths
        Tables ``timings`` of the blocks.
    benchmarks : path
        Folder of Snakemake's benchmark files.
    run : mapping of str to str
        Machine, packages and commit.
    """

    tables: Tables
    files: Mapping[str, Path]
    config: Mapping[str, Any]
    gallery: Mapping[str, Entry]
    pictures: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, Source]
    timings: Sequence[str | Path]
    benchmarks: str | Path
    run: Mapping[str, str]

    @cached_property
    def replicates_needed(self) -> dict[str, Any]:
        """How many scenarios have the replicates that their precision takes."""
        return plan_summary(self.tables)

    # what both pages show is computed once

    @cached_property
    def claims(self) -> list[Claim]:
        """The claims, judged."""
        return judge_claims(self.tables)

    @cached_property
    def own(self) -> Sheet | None:
        """Tables and data of the user's, if there are any."""
        return own_data_sheet(self.tables, self.config, self.sources)

    @cached_property
    def theory(self) -> dict[str, Any]:
        """How the measurements agree with theory."""
        return theory_summary(self.tables)

    @cached_property
    def replications(self) -> dict[str, Any]:
        """How the published studies that were run again agree."""
        return replication_summary(self.tables["replications"])


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes
    ----------
    id : str
        Name of its element.
    title : str
        Its line in the list of contents; none if it is not listed.
    show : callable
        From `Results` to what the templates use, by name.
    optional : bool
        Whether it is left out where what it shows first is empty.
    """

    id: str
    title: str
    show: Callable[[Results], dict[str, Any]]
    optional: bool = False


def _every(results: Results) -> dict[str, Any]:
    """What both pages say: whether the study is sound, and what it measured."""
    health = results.tables["health"]
    verdicts = distinct(effects(results.tables))
    scenarios = distinct(results.tables["scenarios"])
    return {
        "config": results.config,
        "checks": health.to_dict("records"),
        "broken": list(health.loc[~health["passed"].astype(bool), "check"]),
        "sound": passed_all(health),
        "n_scenarios": int(verdicts["n_samples"].notna().sum()),
        "n_draws": int(scenarios["replicates"].sum()),
    }


def _explorer(results: Results) -> dict[str, Any]:
    cost = cost_of_both(scores_of(results.tables))
    learnt_here = results.config["comparison"]["learn_from"] == "study"
    others = None if learnt_here else read_atlas([KINDS])[KINDS]
    return {"explorer": payload(results.tables, others), "cost": cost}


def _own(results: Results) -> dict[str, Any]:
    notes = {name: table.notes for name, table in results.sources.items() if table.notes}
    return {"own": results.own, "column_notes": notes}


def _explained(results: Results) -> dict[str, Any]:
    # its charts are drawn by the script
    return {}


def _claims(results: Results) -> dict[str, Any]:
    return {"claims": results.claims}


def case_stories(config: Mapping[str, Any], gallery: Mapping[str, Entry]) -> list[dict[str, Any]]:
    """Title, story and figure of each worked case."""
    datasets = {d["name"]: d for d in config["datasets"]}
    stories = []
    for figure, entry in gallery.items():
        if entry["module"].endswith("worked_cases"):
            dataset = datasets[entry["datasets"][0]]
            title = dataset.get("title", words(dataset["name"]))
            stories.append({"title": title, "story": dataset.get("story", ""), "figure": figure})
    return stories


def _cases(results: Results) -> dict[str, Any]:
    return {"cases": case_stories(results.config, results.gallery)}


def _league(results: Results) -> dict[str, Any]:
    return {"league": league(results.tables)}


def _trust(results: Results) -> dict[str, Any]:
    found = results.replications
    return {
        "replicated": replication_words(found)[0] if found["n"] else "",
        "theory": results.theory,
    }


def _verdicts(results: Results) -> dict[str, Any]:
    rows = effects(results.tables)
    verdicts = distinct(rows)
    return {
        "answer": answer(results.tables),
        "hero": results.pictures.get("at_a_glance"),
        "verdict_names": VERDICT_NAMES,
        "counts": verdicts["verdict"].value_counts().to_dict(),
        "n_shared": len(rows) - len(verdicts),
    }


def _rule(results: Results) -> dict[str, Any]:
    return {"decision": decision(results.tables)}


def _figures(results: Results) -> dict[str, Any]:
    names = [name for name, entry in results.gallery.items() if not is_placed(entry)]
    return {
        "figures": [results.pictures[name] for name in names],
        "sampled": [words(d["name"]) for d in results.config["datasets"] if "design" in d],
    }


def _tables(results: Results) -> dict[str, Any]:
    files = results.files.items()
    return {"downloads": {name: [f"{name}.csv", path.name] for name, path in files}}


def _checks(results: Results) -> dict[str, Any]:
    tables = results.tables
    return {
        "grid": grid_summary(tables),
        "plan": results.replicates_needed,
        "theory": results.theory,
    }


def _others(results: Results) -> dict[str, Any]:
    return {
        "wang": wang(),
        "regimes": regimes_sheet(read_found(REGIMES)),
        "knight": knight_bajaj(),
        "replications": results.replications,
        "replicated": replication_words(results.replications),
    }


def _methods(results: Results) -> dict[str, Any]:
    return {}


def _provenance(results: Results) -> dict[str, Any]:
    config = dict(results.config)
    return {
        "timings": timing_summary(results.timings),
        "jobs": job_summary(results.benchmarks),
        "config_text": yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        "run": results.run,
        "written": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


# the page that answers and explains, and the one of all that stands behind it
FIRST = (
    Section("explorer", "Ask", _explorer),
    Section("own", "Own data", _own, optional=True),
    Section("explained", "Understand", _explained),
    Section("claims", "Doubt", _claims),
    Section("cases", "Cases", _cases, optional=True),
    Section("league", "Ways to choose", _league, optional=True),
    Section("trust-it", "Published", _trust),
)
EVIDENCE = (
    Section("verdicts", "Verdicts", _verdicts),
    Section("own_tables", "Own data", _own, optional=True),
    Section("rule", "Rule", _rule),
    Section("claims", "Claims", _claims),
    Section("figures", "Figures", _figures),
    Section("tables", "Tables", _tables),
    Section("checks", "Checks", _checks),
    Section("others", "Published", _others),
    Section("methods", "Methods", _methods),
    Section("provenance", "Provenance", _provenance),
)


def show_sections(results: Results, sections: Sequence[Section]) -> dict[str, Any]:
    """What the templates use, by name; ``contents`` are the titles of the sections there are."""
    shown: dict[str, Any] = {"contents": {}, **_every(results)}
    for section in sections:
        content = section.show(results)
        shown |= content
        if not section.optional or next(iter(content.values())):
            shown["contents"][section.id] = section.title
    return shown

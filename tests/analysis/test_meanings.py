"""Every column and metric has a meaning, which nothing that computes reads."""

from studies.extension import LARGEST

from normwise.analysis.columns import METRICS, TABLES
from normwise.analysis.meanings import column_meanings, described_tables, metric_meanings
from normwise.provenance.code import RULES, code_of, modules_of


def test_every_column_and_metric_has_a_meaning_and_every_meaning_a_column():
    assert set(described_tables()) == set(TABLES)
    for name, table in TABLES.items():
        assert set(column_meanings(name)) == set(table.columns), name
    assert list(metric_meanings()) == METRICS


def test_a_metric_of_the_user_is_described(extension):
    extension(LARGEST)
    assert metric_meanings()["largest_error"] == "Largest error of a coefficient"


def test_nothing_that_computes_reads_the_meanings():
    wildcards = {"penalty": "mcp", "study": "ng_2004", "module": "sweep"}
    readers = [r for r in RULES if "analysis/meanings.py" in code_of(*modules_of(r, **wildcards))]
    assert readers == ["report", "provenance"]

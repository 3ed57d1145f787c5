"""Tables by the rule that makes them."""

from studies.extension import LARGEST

from normwise.analysis.columns import METRICS, TABLES, shown_tables, tables_of


def test_every_table_is_made_by_a_rule_of_the_workflow(root):
    rules = "".join(f.read_text() for f in (root / "workflow" / "rules").glob("*.smk"))
    made_by = {rule for table in TABLES.values() for rule in table.made_by}
    assert [rule for rule in made_by if f"rule {rule}:" not in rules] == []


def test_tables_of_a_rule_are_in_the_order_of_all():
    assert set(tables_of("compare")) >= {"verdicts", "health", "fair_grid", "calibration"}
    assert tables_of("trace_paths") == ("paths", "coefficients")
    assert tables_of("learn") == shown_tables()[-7:]
    assert {"metrics", "pairs", "paths"}.isdisjoint(shown_tables())


def test_a_metric_of_the_user_is_allowed_in_tables(extension):
    before = list(METRICS)
    extension(LARGEST)
    # as in every process of a study
    extension(LARGEST)
    assert [*before, "largest_error"] == METRICS

"""Nobody asks a response for its name where its kind or its loss could be asked what it can do."""

import ast

from normwise.data.response_kind import RESPONSES
from normwise.provenance.code import SOURCE

# filters of tables: what the text beside them says is about least squares
FILTERS = {
    "report/answer.py",
    "report/claims/wins_when_sparse.py",
    "report/figures/sweep.py",
    "report/figures/winner_map.py",
    "report/summaries.py",
}


def comparisons(path) -> list[str]:
    """Comparisons of a response with one of the names."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            texts = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
            if texts & set(RESPONSES) and "response" in ast.unparse(node):
                found.append(ast.unparse(node))
    return found


def test_no_code_compares_a_response_with_a_name():
    found = {p.relative_to(SOURCE).as_posix(): comparisons(p) for p in SOURCE.rglob("*.py")}
    assert {name for name, there in found.items() if there} == FILTERS

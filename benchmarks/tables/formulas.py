"""Models of R as the documentation of a table writes them down."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

# functions that fit a model, and those whose left side is no response
MODELS = re.compile(
    r"(g?lm(\.nb|er|rob|\.fit|_fit)?|glmer\.nb|n?lme|nlmer|gls|nls|gnls|rlm|ltsReg|lqs|lmList|gee(glm|se)?"
    r"|plm|pggls|pgmm|rq|aov|rpart|gamm?|polr|multinom|mlogit|loess|lowess|betareg|tobit|zeroinfl"
    r"|hurdle|ivreg|truncreg|crch|randomForest|ols|clmm?|nnet|svyglm|vglm|robust|regsubsets|step"
    r"|train|ctree|cforest|mob|lmtree|glmtree|tree|lrm|glmmPQL|glmmTMB|brm|stan_glm|biglm|bayesglm"
    r"|lm_robust|felm|feols|fit|workflow|linear_reg|logistic_reg|earth|ppr|mars|bglmer|blmer)"
)
NO_RESPONSE = re.compile(
    r"(facet_\w+|aggregate|xtabs|ftable|structable|mosaic(plot)?|assoc|doubledecker|pairs|splom|d?cast"
    r"|acast|by|tally|tabulate|reformulate|update|table|prop|cotabplot|vars|pivot\w*|reshape|map|mutate"
    r"|case_when|set_names|across|walk|modelsummary|list|c|nest|cloud|wireframe|levelplot|contourplot)"
)
# those whose bar names what rows are of
MIXED = re.compile(
    r"(g?lmer(\.nb)?|n?lme|nlmer|gls|gnls|lmList|glmmPQL|glmmTMB|gamm|clmm|bg?lmer|groupedData)"
)
GROUP = re.compile(r"\|\s*([A-Za-z.][\w.]*)|\b(?:id|groups?)\s*=\s*(?:\w+\$)?([A-Za-z.][\w.]*)")
NAME = re.compile(r"([A-Za-z.][\w.]*)\s*$")
CHANGED = re.compile(r"(log|log10|log2|log1p|sqrt)\((.+)\)")
SAME = re.compile(r"(?:as\.numeric|as\.factor|factor|I|as\.integer|ordered|scale)\((.+)\)")


class Formula(NamedTuple):
    """A formula: the function that it is given to, and its left side."""

    function: str
    left: str
    call: str


def _start(text: str, end: int, stops: str) -> int:
    """Where an expression that ends before ``end`` starts; brackets count as one."""
    depth = 0
    for i in range(end - 1, -1, -1):
        if text[i] in ")]}":
            depth += 1
        elif text[i] in "([{":
            if depth == 0:
                return i + 1
            depth -= 1
        elif depth == 0 and text[i] in stops:
            return i + 1
    return 0


def _end(text: str, start: int) -> int:
    depth = 0
    for i in range(start, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            if depth == 0:
                return i
            depth -= 1
    return len(text)


def formulas(text: str) -> Iterator[Formula]:
    """Formulas with a left side, in the order of the text."""
    for match in re.finditer("~", text):
        start = _start(text, match.start(), ",=\n<>+-|&:;#")
        left = text[start : match.start()].strip().replace("`", "")
        if not left:
            continue
        opened = _start(text, match.start(), "")
        before = NAME.search(text[max(opened - 60, 0) : max(opened - 1, 0)])
        yield Formula(before[1] if before else "", left, text[opened : _end(text, match.end())])


def column_of(left: str, columns: Collection[str]) -> tuple[str, str] | None:
    """The column that a left side names, and the function that is to be taken of it, if any."""
    how = ""
    if found := CHANGED.fullmatch(left):
        how, left = found[1], found[2].strip()
    elif found := SAME.fullmatch(left):
        left = found[1].strip()
    left = left.rpartition("$")[2]
    return (left, how) if left in columns else None


def documented_target(text: str, columns: Collection[str]) -> tuple[str, str] | None:
    """The response of the first model in a text, or else of the first formula of another kind."""
    found = [(f, column_of(f.left, columns)) for f in formulas(text)]
    for kind in (
        lambda f: MODELS.fullmatch(f.function),
        lambda f: not NO_RESPONSE.fullmatch(f.function),
    ):
        for formula, column in found:
            if column and kind(formula):
                return column
    return None


def documented_groups(text: str, columns: Collection[str]) -> str | None:
    """The column within which a documented mixed model takes rows as alike."""
    for formula in formulas(text):
        if MIXED.fullmatch(formula.function) or formula.function.startswith("gee"):
            for match in GROUP.finditer(formula.call):
                name = match[1] or match[2]
                if name in columns:
                    return name
    return None

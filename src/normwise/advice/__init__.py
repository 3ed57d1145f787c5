"""Which penalty suits a table: what it is like, what was tried on it, what the study says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import cpu_count
from threadpoolctl import threadpool_limits

from normwise.advice.findings import Contest, Diagnosis, Models, Place, Recommendation, Sign
from normwise.data.tables.read import as_table
from normwise.data.tables.response import response_of
from normwise.data.tables.table import Table

__all__ = ["Advice", "advise", "advise_table"]

# shares of the whole at which the parts begin
DESCRIBED, COMPARED, TRIED_OUT, MODELLED = 0.1, 0.55, 0.75, 0.95


@dataclass(frozen=True)
class Advice:
    """Everything found about a table.

    Attributes
    ----------
    table : Table
    diagnosis : Diagnosis
    contest : Contest
    models : Models
    place : Place
    recommendation : Recommendation
    signs : tuple of Sign
        What looks as if rows belonged together, and nobody has said so.
    seed : int
    """

    table: Table
    diagnosis: Diagnosis
    contest: Contest
    models: Models
    place: Place
    recommendation: Recommendation
    seed: int
    signs: tuple[Sign, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to look at before trusting any number, the most important first."""
        return (*(sign.said for sign in self.signs), *self.diagnosis.warnings)

    def to_frame(self) -> pd.DataFrame:
        """Coefficients of every penalty and how firm they are.

        One row a feature; of several classes one row a feature and class.
        """
        return self.models.coefs.copy()

    def show(self, console: Any = None) -> None:
        """Print a summary.

        Parameters
        ----------
        console : rich.console.Console, optional
        """
        from normwise.advice.terminal import show

        show(self, console)

    def report(self, path: str | Path) -> Path:
        """Write the advice as a page of HTML that needs nothing else."""
        from normwise.advice.page import write_page

        write_page(self, path)
        return Path(path)

    def __repr__(self) -> str:
        rows, features = self.table.X.shape
        return f"<Advice for {rows} × {features}: {self.recommendation.headline}>"


def advise_table(
    table: Table,
    *,
    margin: float = 0.01,
    folds: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
    study: str | Path | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Advice:
    """Say which penalty suits a table, and why.

    Parameters
    ----------
    table : Table
        What `normwise.tabular.read_table` or `as_table` returns; they refuse too few rows.
    margin : float
        Differences of explained share up to this count as equal.
    folds : int
        Folds of the head-to-head, outer and inner, at least 2 and with at least 2 rows each. More
        of them fit more rows and take longer, as the square of their number.
    seed : int
        Decides folds and resamples.
    n_jobs : int, optional
        Threads, by default one a core; the answer does not depend on it.
    study : path, optional
        Results folder of a study to be used as the map, in place of the atlas that is shipped.
    progress : callable, optional
        Called with the share that is done and with what is being done.

    Returns
    -------
    Advice

    Raises
    ------
    InputError
        If the study lacks tables; if the table is too small for so many folds.
    """
    # heavy, and not needed to show an advice
    from normwise.advice.alternatives import try_others
    from normwise.advice.atlas import read_study, shipped
    from normwise.advice.contest import compare
    from normwise.advice.diagnosis import diagnose
    from normwise.advice.models import fit_models
    from normwise.advice.place import locate
    from normwise.advice.recommendation import recommend
    from normwise.advice.signs import find_signs

    if n_jobs is None:
        n_jobs = cpu_count()

    def tell(share: float, what: str) -> None:
        if progress is not None:
            progress(share, what)

    def within(start: float, end: float, what: str) -> Callable[[float], None]:
        return lambda share: tell(start + share * (end - start), what)

    # the solvers run without the lock of the interpreter, in threads that share the table
    with threadpool_limits(1):
        tell(0.0, "describing the table")
        atlas = shipped() if study is None else read_study(study)
        diagnosis, signal = diagnose(table, seed)
        what = "trying the penalties on held-out rows"
        tell(DESCRIBED, what)
        contest = compare(table, margin, seed, n_jobs, within(DESCRIBED, COMPARED, what), folds)
        tell(COMPARED, "trying what else there is")
        contest = replace(contest, others=try_others(table, contest, seed, n_jobs, folds))
        what = "fitting the models"
        tell(TRIED_OUT, what)
        models = fit_models(
            table, diagnosis.groups, seed, n_jobs, within(TRIED_OUT, MODELLED, what)
        )
        tell(MODELLED, "looking at the map")
        place = locate(table, signal, atlas)
        signs = find_signs(table, seed)
        recommendation = recommend(table, diagnosis, contest, models, place, signs)
    tell(1.0, "done")
    return Advice(table, diagnosis, contest, models, place, recommendation, seed, signs)


def advise(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    positive: object = None,
    response: str | None = None,
    family: str | None = None,
    missing: Sequence[object] = (),
    groups: Any = None,
    time: Any = None,
    weights: Any = None,
    offset: Any = None,
    exposure: Any = None,
    drop: Iterable[str] | str = (),
    margin: float = 0.01,
    folds: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
    study: str | Path | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Advice:
    """Say which penalty suits your data, and why.

    Parameters
    ----------
    X : array, sparse matrix or DataFrame of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
        Numbers, counts, or labels of classes.
    names : sequence of str, optional
        Names of the features.
    positive : object, optional
        The label that counts as one.
    response : {"gaussian", "binary", "multinomial", "poisson"}, optional
        A number, two classes, several classes, or counts; told from `y` if not given.
    family : {"gaussian", "binomial", "multinomial", "poisson"}, optional
        The same by the names of generalised linear models.
    missing : sequence of str or number
        Marks that stand for a missing value; ``"age=99"`` counts in column ``age`` alone.
    groups : str or array-like of shape (n_samples,), optional
        Which rows belong together: the name of a column of `X`, which is no feature then, or a
        value a row. No group lies on both sides of a split, nor in both halves of a resample.
    time : str or array-like of shape (n_samples,), optional
        When the rows were measured, dates or numbers, the same way. Every model is tested on rows
        that follow those that it was fitted to.
    weights : str or array-like of shape (n_samples,), optional
        Weights of the rows in every fit and every error, from 0, the same way.
    offset : str or array-like of shape (n_samples,), optional
        Of counts, what is added to the logarithm of each mean, the same way.
    exposure : str or array-like of shape (n_samples,), optional
        Of counts, how long or of how many they were counted, above 0, the same way; its logarithm
        is the offset.
    drop : str or iterable of str, optional
        Columns of `X` that are no features.
    margin : float
        Differences of explained share up to this count as equal.
    folds : int
        Folds of the head-to-head, outer and inner, at least 2 and with at least 2 rows each. More
        of them fit more rows and take longer, as the square of their number.
    seed : int
        Decides folds and resamples.
    n_jobs : int, optional
        Threads, by default one a core; the answer does not depend on it.
    study : path, optional
        Results folder of a study to be used as the map, in place of the atlas that is shipped.
    progress : callable, optional
        Called with the share that is done and with what is being done.

    Returns
    -------
    Advice

    Raises
    ------
    InputError
        If the data cannot be used.
    """
    table = as_table(
        X,
        y,
        names=names,
        positive=positive,
        response=response_of(response, family),
        missing=missing,
        groups=groups,
        time=time,
        weights=weights,
        offset=offset,
        exposure=exposure,
        drop=drop,
    )
    return advise_table(
        table,
        margin=margin,
        folds=folds,
        seed=seed,
        n_jobs=n_jobs,
        study=study,
        progress=progress,
    )

"""Codes with labels: which columns of them are categories, and what is said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from normwise.data.tables.columns import to_label
from normwise.data.tables.messages import listed

# labels make categories if so many of the values have one, and so many of the distinct values
OF_VALUES, OF_CODES = 0.95, 0.5
ZERO_ONE = {0, 1}


@dataclass
class Labels:
    """What the labels of a file made of its columns, by what is said of it."""

    covered: list[str] = field(default_factory=list)
    nominal: list[str] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    def apply(
        self,
        column: pd.Series,
        labels: Mapping[Any, str],
        *,
        nominal: bool = False,
        ordered: bool = False,
    ) -> pd.Series:
        """Make categories of codes, in the order of the codes, if labels say that they are such.

        A label on a few codes alone, such as that of a refusal, leaves a column of numbers.

        Parameters
        ----------
        column : Series
            Codes; those that are declared missing are missing.
        labels : mapping
            Label of each code.
        nominal, ordered : bool
            Whether the file declares categories, and their order.
        """
        values = column.dropna()
        codes = sorted(values.unique().tolist())
        labelled = [code for code in codes if code in labels]
        covered = (
            len(labelled) >= OF_CODES * len(codes) and values.isin(labelled).mean() >= OF_VALUES
        )
        if not codes or not (covered or nominal):
            self.partly += [str(column.name)] if labels and codes else []
            return column
        (self.covered if covered else self.nominal).append(str(column.name))
        names = [str(labels.get(code, to_label(code))) for code in codes]
        counts = Counter(names)
        if len(counts) < len(names):
            self.twice.append(str(column.name))
        unique = [
            f"{name} ({to_label(code)})" if counts[name] > 1 else name
            for code, name in zip(codes, names, strict=True)
        ]
        # zero and one are in order whatever they are called
        ordered = ordered or set(codes) == ZERO_ONE
        found = pd.Categorical(column, categories=codes, ordered=ordered)
        return pd.Series(found.rename_categories(unique), index=column.index, name=column.name)

    def notes(self) -> list[str]:
        """A sentence for each kind of thing that was done."""
        about = {
            "Read as categories, as their codes have labels": self.covered,
            "Read as categories, as the file calls them nominal": self.nominal,
            "Read as numbers, as few of their values have a label": self.partly,
            "Several codes have one label, to which the code was added": self.twice,
        }
        return [f"{what}: {listed(names)}." for what, names in about.items() if names]

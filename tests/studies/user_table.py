"""A user's table as numbers, without a file."""

from normwise.tabular import Table


def as_table(X, y, response="gaussian", names=None) -> Table:
    return Table(
        X=X,
        y=y,
        names=names or tuple(f"x{j}" for j in range(X.shape[1])),
        response=response,
        target="y",
        classes=("no", "yes") if response == "binary" else None,
        source="a test",
        missing={},
        constant=(),
        notes=(),
    )

"""Error of each penalty on each data set, from a table of the study."""

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import pandas as pd

summary = pd.read_parquet(snakemake.input[0])
rows = summary[summary["metric"].isin(("test_error", "excess_risk"))]
rows = rows[rows["tuning"] == "cv_min"]
mean, mcse = (rows.pivot(index="dataset", columns="penalty", values=v) for v in ("mean", "mcse"))

figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
mean.plot.barh(xerr=mcse, ax=ax)
ax.set(xlabel="test error, or excess risk where the truth is known", ylabel="")
figure.savefig(snakemake.output[0])

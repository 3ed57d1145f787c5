"""A study whose answer is known, made up rather than simulated."""

import dataclasses

import numpy as np
import pandas as pd

from normwise.data.scenario import Scenario

# effect of each goal beside that of prediction
SIZES = {
    "prediction": 1.0,
    "explained": 0.1,
    "selection": -0.4,
    "stability": 0.3,
    "calibration": 0.1,
}
ZONES = {
    "prediction": 0.05,
    "explained": 0.01,
    "selection": 0.05,
    "stability": 0.05,
    "calibration": 0.01,
}


def made_study(n=160, seed=0, noise=0.02, goals=("prediction",), fresh=0, mixed=0):
    """Tables of a study whose effect is a known function of the load.

    The last ``fresh`` scenarios are held out; the first ``mixed`` have an elastic net.
    """
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([dataclasses.asdict(Scenario(100, 50, 5))] * n)
    frame["dataset"], frame["scenario"] = "made", [f"{i:010d}" for i in range(n)]
    frame["label"], frame["replicates"] = [f"case {i}" for i in range(n)], 100
    frame["n_features"] = rng.permutation(np.round(np.geomspace(20, 800, n))).astype(int)
    share = rng.permutation(np.geomspace(0.01, 1, n))
    frame["n_nonzero"] = np.maximum(1, np.round(share * frame["n_features"])).astype(int)
    frame["snr"] = rng.permutation(np.geomspace(0.1, 8, n))
    rho = rng.choice([0.0, 0.5, 0.9], n)
    frame["correlation"] = frame["nearest_correlation"] = rho
    names = np.array(["independent", "ar1", "blocks"])
    frame["covariance"] = names[np.searchsorted([0.0, 0.5, 0.9], rho)]
    frame["nonzero_share"] = frame["n_nonzero"] / frame["n_features"]
    frame["effective_nonzero"] = frame["n_nonzero"].astype(float)
    frame["effective_features"] = frame["n_features"].astype(float)
    frame["aspect_ratio"] = frame["n_features"] / frame["n_samples"]
    frame["signal_alignment"] = np.where(rho > 0, rng.permutation(np.geomspace(1, 8, n)), 1.0)
    frame["mean_vif"] = 1 / (1 - rho**2)
    frame["condition_number"] = (1 + rho) / (1 - rho)
    frame["held_out"] = np.arange(n) >= n - fresh
    load = frame["effective_nonzero"] * frame["signal_alignment"] / (100 * np.sqrt(frame["snr"]))
    base = 0.5 * np.tanh(np.log(load / 0.1)).to_numpy()
    parts = []
    for goal in goals:
        error = noise * abs(SIZES[goal])
        effect = SIZES[goal] * base + error * rng.standard_normal(n)
        zone = ZONES[goal]
        verdict = np.where(effect < -zone, "l1", np.where(effect > zone, "l2", "undecided"))
        parts.append(
            pd.DataFrame(
                {
                    "dataset": "made",
                    "scenario": frame["scenario"],
                    "goal": goal,
                    "n": 100,
                    "effect": effect,
                    "mcse": error,
                    "low": effect - 2 * error,
                    "high": effect + 2 * error,
                    "q_win": 0.0,
                    "q_equivalent": 1.0,
                    "verdict": verdict,
                }
            )
        )
    effect = parts[0]["effect"]
    keys = {"dataset": "made", "scenario": frame["scenario"], "n": 100, "mcse": noise}
    strategies = [
        pd.DataFrame(keys | {"strategy": "l1", "effect": effect}),
        pd.DataFrame(keys | {"strategy": "l2", "effect": 0.0}),
        pd.DataFrame(keys | {"strategy": "cv_choice", "effect": np.minimum(effect, 0) + 0.01}),
        pd.DataFrame(keys | {"strategy": "elastic_net", "effect": np.minimum(effect, 0) + 0.03})[
            :mixed
        ],
    ]
    return {
        "goals": pd.concat(parts, ignore_index=True),
        "scenarios": frame,
        "strategies": pd.concat(strategies, ignore_index=True),
    }


def verdicts_of(study):
    """Table ``verdicts`` that agrees with the goal prediction of a made study."""
    own = study["goals"].query("goal == 'prediction'")
    return own.assign(
        metric="excess_risk",
        tuning="cv_min",
        first="l1",
        second="l2",
        ratio=np.exp(own["effect"]),
    ).drop(columns="goal")

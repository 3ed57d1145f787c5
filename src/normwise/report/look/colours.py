"""Colours, markers and lines of penalties and verdicts, the same in every picture."""

from __future__ import annotations

from normwise.fitting.names import MIXES, known_penalties


class _Looks(dict[str, str]):
    """A look by penalty; those beyond the question's take what is left, in their order."""

    def __init__(self, own: dict[str, str], others: str) -> None:
        super().__init__(own)
        self.others = others.split()

    def __missing__(self, penalty: str) -> str:
        rest = [name for name in known_penalties() if name not in MIXES]
        return self.others[rest.index(penalty) % len(self.others)]


# Okabe & Ito's colours, distinct for every kind of colour vision
COLOURS = _Looks(
    {"l1": "#D55E00", "l2": "#0072B2", "elastic_net": "#009E73", "none": "#767676"},
    "#AA3377 #7A6000 #332288 #882255 #44AA99",
)
MARKERS = _Looks({"l1": "o", "l2": "s", "elastic_net": "D", "none": "^"}, "v P X < >")
LINES = _Looks({"l1": "-", "l2": "--", "elastic_net": "-.", "none": ":"}, "- -- -. :")
VERDICT_COLOURS = {
    "l1": COLOURS["l1"],
    "l2": COLOURS["l2"],
    "equivalent": "#333333",
    "undecided": "#FFFFFF",
}
VERDICT_MARKERS = {"l1": "o", "l2": "s", "equivalent": "d", "undecided": "o"}
# from wins of L1 over none to those of L2
SHADES = (COLOURS["l1"], "#F2B48C", "#FAFAFA", "#8CBEDD", COLOURS["l2"])

"""The look of the figures is the theme of seaborn, without seaborn."""

import matplotlib as mpl
import seaborn as sns
from matplotlib.colors import to_rgb

from normwise.report.look.style import set_style
from normwise.report.look.white_grid import WHITE_GRID


def test_the_white_grid_is_that_of_seaborn() -> None:
    theme = sns.axes_style("whitegrid") | sns.plotting_context("notebook", font_scale=0.85)
    with mpl.rc_context():
        set_style()
        colours = [to_rgb(look["color"]) for look in mpl.rcParams["axes.prop_cycle"]]
        ours = {key: mpl.rcParams[key] for key in WHITE_GRID if key != "axes.prop_cycle"}
    assert colours == list(sns.color_palette("deep"))
    assert ours == {key: theme[key] for key in ours}
    # what else the theme sets: a map of colours that no figure uses, and what we set ourselves
    assert theme.keys() - ours.keys() == {
        "axes.edgecolor",
        "axes.titlesize",
        "font.family",
        "font.sans-serif",
        "grid.color",
        "image.cmap",
    }

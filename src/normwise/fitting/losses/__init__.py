"""The losses, a module each, with the name of their response; see `normwise.fitting.loss`."""

"""Every tool of `normwise.elsewhere` held against the optimum, each in its own environment."""

"""Real tables with a response, on random halves of which the advice is tried.

``python -m benchmarks.tables.collect CACHE`` fetches them and lists them in ``manifest.csv``,
``python -m benchmarks.tables.halves CACHE`` asks for advice on one half of each and measures the
penalties on the other, ``python -m benchmarks.tables.judge CACHE`` says how often it was right, and
``python -m benchmarks.tables.calibrate CACHE`` fits the chances that could be stated.
"""

"""Time at equal accuracy: the engine of normwise beside what else a user would pick."""

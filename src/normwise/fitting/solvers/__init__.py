"""Regularisation paths with certificates."""

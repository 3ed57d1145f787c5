"""Figures: tables in, picture and caption out; one module for each kind."""

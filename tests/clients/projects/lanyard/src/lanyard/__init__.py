"""Keeps a lead from falling into the water."""

"""Finds out where a ship is."""

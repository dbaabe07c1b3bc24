"""Turns a report into text of one format."""

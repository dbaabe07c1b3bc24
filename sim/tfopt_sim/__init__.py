"""Demand, forecast and simulation of instance groups."""

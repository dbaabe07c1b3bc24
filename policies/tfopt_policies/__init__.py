"""Policies that choose a configuration for an instance group, and their evaluation."""

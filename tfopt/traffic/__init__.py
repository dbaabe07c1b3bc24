"""Measured traffic in: CSV, CloudWatch and Prometheus files to a regular demand series."""

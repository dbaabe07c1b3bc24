"""Measured traffic in: CSV, CloudWatch and Prometheus files to a regular demand series."""

from tfopt.traffic.cloudwatch import read_cloudwatch_json
from tfopt.traffic.csv_file import read_csv, read_csv_cpu
from tfopt.traffic.prometheus import read_prometheus_json
from tfopt.traffic.reading import CpuReading, Reading

__all__ = [
    "CpuReading",
    "Reading",
    "read_cloudwatch_json",
    "read_csv",
    "read_csv_cpu",
    "read_prometheus_json",
]

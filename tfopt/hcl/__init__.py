"""Terraform sources: syntax tree, evaluation, tracing, editing."""

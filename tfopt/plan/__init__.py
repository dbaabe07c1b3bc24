"""Terraform plans in: read, redact, model, per-cloud adapters."""

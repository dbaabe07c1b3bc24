"""tfopt: proven instance types, counts and scaling settings for Terraform, as a minimal patch."""

__version__ = "0.1.0.dev0"

"""A pull request as a publisher: one comment a target, kept up to date, never made older."""

"""Ways a rendered recommendation leaves the process."""

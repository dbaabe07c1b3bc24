"""From (plan, group, attribute, value) to a proven edit: shared by `recommend`, `set`, `trace`."""

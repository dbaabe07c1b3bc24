"""From (plan, group, attribute, value) to a proven edit, for `recommend`, `set` and `trace`."""

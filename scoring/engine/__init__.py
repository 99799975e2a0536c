"""Pure rules of the scoring app: values in, values and reasons out."""

"""Pure rules of nurture: values in, values and reasons out."""

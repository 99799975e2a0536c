"""Pure rules of the leads app: values in, values and reasons out."""

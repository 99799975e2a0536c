"""Pages: guard, fetch, one call to a service, answer."""

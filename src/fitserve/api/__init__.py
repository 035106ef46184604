"""HTTP: bodies, schemas, problems, and the routes, which parse, make one call, and return."""

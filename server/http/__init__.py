"""The application: routes, middleware, limits on callers."""

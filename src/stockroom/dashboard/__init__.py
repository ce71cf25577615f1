"""HTML pages for people: signing in, their own account, and how to use a registry."""

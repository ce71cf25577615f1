"""Our own plugins: built on the same hooks as everybody else's."""

"""What administration sees of registries, packages, releases and files."""

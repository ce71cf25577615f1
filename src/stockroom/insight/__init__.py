"""What outside sources know of packages: where it is kept, and how it is brought up to date."""

"""Use cases of administration: places, keys, packages, and the state of the storage."""

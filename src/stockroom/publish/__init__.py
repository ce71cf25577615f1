"""The write path: form, inspection, checks, commit."""

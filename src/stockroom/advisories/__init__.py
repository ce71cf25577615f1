"""The OSV protocol: which known vulnerabilities affect a version, for `uv audit` and pip-audit."""

"""The REST API of administration: `/v1/workspaces/...` and `/v1/teams/...`."""

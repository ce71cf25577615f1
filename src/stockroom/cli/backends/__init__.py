"""What commands are about: the server on this machine, or another one by its API."""

"""What the tests share: databases, sites, servers, clients."""

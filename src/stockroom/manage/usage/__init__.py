"""What registries and teams hold, and what they may hold."""

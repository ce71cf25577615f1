"""What is seen of people, robots, their roles and their credentials."""

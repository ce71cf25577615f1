"""What a view shows and why, and what it would show if it were made of something else."""

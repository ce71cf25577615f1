"""What is shown of views: their definitions, their history, and the conflicts in them."""

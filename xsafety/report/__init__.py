"""What asking took, and the page that shows all of it."""

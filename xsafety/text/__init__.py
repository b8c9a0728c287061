"""What is known of languages and their texts: names, letters, refusals, alignment, and what is odd about a text."""

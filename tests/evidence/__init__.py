"""What is kept of answers, and its readers."""

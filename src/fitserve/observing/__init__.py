"""What an operator is told of a running server: numbers, and lines of a log."""

"""What the owner of a home confirmed, and the file that keeps it."""

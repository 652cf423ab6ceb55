"""graphrec."""

"""What a log's counts say of a pair."""

"""Similar items lend each other their counts (item-kNN smoothing)."""

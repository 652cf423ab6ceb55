"""What graphrec runs on: engines, hardware, training, progress and memory."""

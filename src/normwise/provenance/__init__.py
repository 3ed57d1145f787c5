"""What a study was made from, and whether it still is what it was."""

"""What lies on the disk: written whole, checked, locked."""

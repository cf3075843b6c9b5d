"""What a person may see, take along and erase of themselves, and who consented."""

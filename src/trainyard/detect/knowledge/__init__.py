"""What detection knows about libraries: names only, no library is imported."""

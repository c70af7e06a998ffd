"""What the service keeps and does: store, rooms under way, files, accounts."""

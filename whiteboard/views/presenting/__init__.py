"""What helps who presents."""

"""What goes from the board and what comes onto it."""

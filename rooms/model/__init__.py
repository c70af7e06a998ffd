"""What rooms, seats and keys are: pure, with the time as an argument."""

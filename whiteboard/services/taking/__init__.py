"""What is taken from a board and put on it: files, prints, pictures, the clipboard."""

"""The processes that read strangers' files, and the display's end of them."""

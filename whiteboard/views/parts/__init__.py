"""Small parts that several screens and sheets are made of."""

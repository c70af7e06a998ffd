"""The words of a board: what its documents, texts and notes say."""

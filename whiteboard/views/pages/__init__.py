"""All pages of a board: seeing, ordering, going to one."""

"""Boards on disk and open: the file, its rescue, the list, what belongs to an open one."""

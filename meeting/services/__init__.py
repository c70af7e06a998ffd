"""The client of the consultation service. Plain asyncio, no Qt."""

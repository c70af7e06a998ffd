"""What a room and the line to it are, as plain values. No Qt, no asyncio, no clock."""

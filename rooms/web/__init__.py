"""What the service says over HTTP and websocket, and its pages."""

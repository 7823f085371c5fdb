"""Transport to Home Assistant: REST, WebSocket, and the reading of messages."""

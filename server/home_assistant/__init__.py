"""The link to Home Assistant: REST and WebSocket."""

"""HTTP and WebSocket: thin handlers over the job queue and the services."""

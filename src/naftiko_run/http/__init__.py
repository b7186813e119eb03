"""HTTP/1.1: messages, a client and a server, independent of capabilities."""

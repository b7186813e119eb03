"""HTTP/1.1: messages, a client and a server. Nothing here knows anything of capabilities."""

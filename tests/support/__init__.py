"""Real parts for tests: an upstream on loopback, a server in-process, the command as a process."""

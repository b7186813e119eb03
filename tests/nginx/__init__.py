"""Tests against a real nginx: run by name (`make test-nginx`), because nginx is not a Python package."""

"""Scripts that maintain the repository; the Makefile runs them."""

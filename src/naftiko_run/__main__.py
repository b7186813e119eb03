"""``python -m naftiko_run`` is ``naftiko``."""

from naftiko_run.cli import main

if __name__ == "__main__":
    main()

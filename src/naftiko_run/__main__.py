"""``python -m naftiko_run`` is ``naftiko-run``."""

from naftiko_run.cli import run

if __name__ == "__main__":
    run()

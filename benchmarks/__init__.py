"""What naftiko-run costs, beside what it is compared with: ``make bench``, ``make bench-quick``.

Nothing here is part of the product, and no test is timed. A run starts everything that is compared, asks
each the same and looks at the answer, and then drives them in turns.
"""

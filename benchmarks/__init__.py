"""How fast, beside whom: ``python -m benchmarks``, or ``make benchmarks``."""

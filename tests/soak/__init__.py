"""Load, cuts, restarts and kills for some minutes: ``python -m tests.soak``, or ``python -m tests.soak cuts`` for a part."""

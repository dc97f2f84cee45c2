"""Speech to text. Only this package imports torch and whisper, and only in a worker's path."""

import os

# Set before torch is imported: after a parallel operation its threads spin for microseconds before they sleep, not for
# OpenMP's default of milliseconds. Other threads need the cores, such as those of a decoder step (threads.py), which
# would take twice as long; sleeping at once would cost a tenth.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # for GNU's OpenMP, which torch uses on Linux

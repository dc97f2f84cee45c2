"""Speech to text. Only this package imports torch and whisper, and only inside a worker's path."""

import os

# Before torch comes: its threads are to wait for more to do for some microseconds only, not for the milliseconds of
# OpenMP's own choice. Others need the core, such as the next thread of a decoder's step (parts.py), which would take
# twice as long; but to go to sleep at once costs a tenth.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # GNU's OpenMP, which torch has on Linux

"""Speech to text. Only this package imports torch and whisper, and only inside a worker's path."""

import os

# Before torch comes: its threads are not to keep a core for a while in case there is more to do. Others need it, such
# as the next thread of a decoder's step (parts.py), which would take twice as long.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

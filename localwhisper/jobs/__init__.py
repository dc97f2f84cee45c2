"""Jobs as data and pure functions: no I/O, no threads, no clock."""

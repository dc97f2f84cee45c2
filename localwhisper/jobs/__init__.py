"""Jobs as data: no I/O, no threads, no clock."""

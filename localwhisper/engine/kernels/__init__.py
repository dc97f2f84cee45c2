"""The parts that numba compiles; nothing here knows the network."""

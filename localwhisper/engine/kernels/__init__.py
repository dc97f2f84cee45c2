"""The code that numba compiles: a decoder step, int8 layers and attention, quantization, the choice of tokens."""

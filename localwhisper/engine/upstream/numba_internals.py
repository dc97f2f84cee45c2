"""numba's compilation cache, which has no public interface."""

"""Other products' APIs over the same queue, one module each."""

"""Other products' wire formats over the same queue, a file each that reads like its contract."""

"""Parts of the training of the bundled `demo` model: words, speech, windows, network, loop."""

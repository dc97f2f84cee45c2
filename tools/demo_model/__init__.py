"""The training of the bundled `demo` model: words, speech, windows, labels, network and the training loop."""

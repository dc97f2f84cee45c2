"""The only place that uses what openai-whisper, torch and numba do not promise to keep.

One module for each package, so that none imports the others: whisper_internals, torch_internals, numba_internals.
`whisper_tables` reads whisper's tables without importing it, with localwhisper.whisper_source; localwhisper.languages
reads the public tables of languages in the same way.

To add one: write a function here and nowhere else; its docstring ends with `Uses:` (the private name), `Why:` (what
the public interface lacks) and `If it goes:` (what to do then). Add a test to tests/engine/test_upstream.py whose
failure names the upstream change. tests/test_architecture.py finds private names outside this package.
"""

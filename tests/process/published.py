"""The program in a world where other checkpoints are published: python -m tests.process.published, with its own flags.

PUBLISHED: JSON, name → address; the last folder of an address is the file's SHA-256.
"""

import json
import os
import sys
from unittest.mock import patch

from localwhisper import cli
from localwhisper.engine.upstream import whisper_tables

if __name__ == "__main__":
    published = {**whisper_tables.checkpoint_urls(), **json.loads(os.environ["PUBLISHED"])}
    with patch.object(whisper_tables, "checkpoint_urls", lambda: published):
        sys.exit(cli.main())

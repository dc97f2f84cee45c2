"""localwhisper with other published checkpoints: python -m tests.process.fake_checkpoints_program [the usual flags].

The environment variable PUBLISHED is JSON: name → URL. The last folder of a URL is the file's SHA-256.
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

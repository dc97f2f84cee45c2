"""localwhisper, for which a worker is lost after a few seconds without a sign of life."""

import sys
from unittest.mock import patch

from localwhisper import cli
from localwhisper.distributed import places

STALLED_S = 3.0

if __name__ == "__main__":
    with patch.object(places, "STALLED_S", STALLED_S):
        sys.exit(cli.main())

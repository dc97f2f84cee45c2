"""Every path under the data directory, one function each."""

from pathlib import Path


def jobs(data_dir: Path) -> Path:
    """One folder a job, named by its id."""
    return data_dir / "jobs"


def incoming(data_dir: Path) -> Path:
    """Uploads that are not jobs yet; emptied at every start."""
    return data_dir / "incoming"


def unpacked(data_dir: Path) -> Path:
    """The bundled model, unpacked."""
    return data_dir / "bundled"


def speeds(data_dir: Path) -> Path:
    """Real-time factors measured on this machine."""
    return data_dir / "speeds.json"


def search(data_dir: Path) -> Path:
    """The full-text index of the transcripts; made anew where it is missing or damaged."""
    return data_dir / "search.db"


def log_file(data_dir: Path) -> Path:
    return data_dir / "localwhisper.log"

"""The paths in the data directory, one function for each."""

from pathlib import Path


def jobs(data_dir: Path) -> Path:
    """Holds one folder for each job, named by the job's id."""
    return data_dir / "jobs"


def speaker_chunks(audio: Path) -> Path:
    """What a search for speakers has computed so far, beside a job's audio. Removed when the search ends."""
    return audio.with_name("speakers.chunks")


def incoming(data_dir: Path) -> Path:
    """Uploads that are not jobs yet. Emptied at every start."""
    return data_dir / "incoming"


def spool(data_dir: Path) -> Path:
    """Decoded audio of the running jobs, in files that disappear with them. Emptied at every start."""
    return data_dir / "spool"


def engine_data(data_dir: Path) -> Path:
    """What the engine keeps: the unpacked bundled model and plans()."""
    return data_dir / "bundled"


def plans(data_dir: Path) -> Path:
    """The number formats in which this machine computes models fastest. Measured again if it is missing or damaged."""
    return engine_data(data_dir) / "plans.json"


def real_time_factors(data_dir: Path) -> Path:
    """Real-time factors measured on this machine."""
    return data_dir / "speeds.json"


def search_index(data_dir: Path) -> Path:
    """The full-text index of the transcripts. Rebuilt if it is missing or damaged."""
    return data_dir / "search.db"


def watched_folders(data_dir: Path) -> Path:
    """The folders whose new recordings are transcribed, and the jobs made of them."""
    return data_dir / "watched-folders.json"


def notices(data_dir: Path) -> Path:
    """Notices about ended jobs that are still to be delivered."""
    return data_dir / "notices"


def term_lists(data_dir: Path) -> Path:
    """The lists of names and terms that the user keeps."""
    return data_dir / "term-lists.json"


def speaker_searches(data_dir: Path) -> Path:
    """The completed jobs in which speakers are being searched for."""
    return data_dir / "speaker-searches.json"


def known_voices(data_dir: Path) -> Path:
    """The voiceprints that the user keeps, with people's names."""
    return data_dir / "known-voices.json"


def finished_recordings(data_dir: Path) -> Path:
    """Which recordings the command line has transcribed, and where their transcripts are."""
    return data_dir / "finished.db"


def cluster_certificates(data_dir: Path) -> Path:
    """The certificates of a cluster, unless a setting names another folder."""
    return data_dir / "certificates"


def worker_files(data_dir: Path) -> Path:
    """What workers of a cluster on this machine keep while they run: copies of the audio of their jobs."""
    return data_dir / "workers"


def faults(data_dir: Path) -> Path:
    """The stacks of a crash, for the next start, which moves them into the log."""
    return data_dir / "faults.txt"


def log_file(data_dir: Path) -> Path:
    return data_dir / "localwhisper.log"

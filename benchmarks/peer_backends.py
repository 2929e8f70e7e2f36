"""A sentence-transformers model on a backend of its own, in an interpreter of its own, that encodes when it is told to.

Its backends of ONNX and OpenVINO need older libraries than Likewise, so they cannot stand in one process. Each line on
standard input is a command and each answer is one line of JSON: `run SIZE` gives the seconds that all texts took with
that batch size, `save FILE` writes their vectors. The first line that comes out, unasked, holds the versions.
"""

import contextlib
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as for every contestant

import numpy as np

QUANTISED = "avx512_vnni"
PACKAGES = ("sentence-transformers", "transformers", "torch", "onnxruntime", "openvino")


def model_of(folder: str, backend: str, length: int):
    """The model on `torch`, `onnx`, `onnx-int8` or `openvino`; its own exporters make the graphs.

    Its int8 form of OpenVINO is calibrated on a data set that it downloads, so it does not stand here.
    """
    import sentence_transformers as peer

    engine, _, kind = backend.partition("-")
    model = peer.SentenceTransformer(folder, device="cpu", backend=engine)
    if kind:
        model.save_pretrained(folder)
        peer.export_dynamic_quantized_onnx_model(model, QUANTISED, folder)
        name = f"onnx/model_qint8_{QUANTISED}.onnx"
        model = peer.SentenceTransformer(folder, device="cpu", backend=engine, model_kwargs={"file_name": name})
    model.max_seq_length = length
    return model


def versions() -> dict[str, str]:
    """Of what is installed here and can change a figure."""
    return {name: version(name) for name in PACKAGES}


def main() -> None:
    """Answer commands until there are no more."""
    folder, backend, length, file = sys.argv[1:]
    texts = json.loads(Path(file).read_text(encoding="utf-8"))
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # what libraries print is no answer
        model = model_of(folder, backend, int(length))
        model.encode(texts[:8])
        print(json.dumps(versions()), file=answers, flush=True)
        for line in sys.stdin:
            command, value = line.split(maxsplit=1)
            if command == "save":
                np.save(value.strip(), model.encode(texts, show_progress_bar=False))
                print(json.dumps("saved"), file=answers, flush=True)
                continue
            started = time.perf_counter()
            model.encode(texts, batch_size=int(value), show_progress_bar=False)
            print(json.dumps(time.perf_counter() - started), file=answers, flush=True)


if __name__ == "__main__":
    main()

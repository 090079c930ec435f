"""The rivals' packages, in an environment of their own that sees the project's: llama.cpp is not built twice."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
WANTED = ("llama-cpp-python[server]", "xllamacpp")
PROBE = (
    "import json, llama_cpp, llama_cpp.server.app, xllamacpp; from importlib.metadata import version as v;"
    "print(json.dumps({n: v(n) for n in ('llama-cpp-python', 'xllamacpp')}))"
)


def make(work: Path) -> Path:
    """The interpreter that has them. Raises ``SystemExit`` with the command that would install them."""
    python = work / "rivals" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(work / "rivals")], check=True)
        theirs = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        folder = Path(subprocess.run(theirs, check=True, capture_output=True, text=True).stdout.strip())
        (folder / "project.pth").write_text(sysconfig.get_path("purelib") + "\n")
    if versions(python) is None:
        command = [str(python), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), *WANTED]
        print("installing the rivals:", " ".join(command), flush=True)
        if subprocess.run(command, check=False).returncode != 0 or versions(python) is None:
            raise SystemExit(
                "the rivals' packages are missing. Install them with\n\n    "
                + " ".join(command)
                + "\n\nor measure without them: --servers oneself,self-weights,bare"
            )
    return python


def versions(python: Path) -> dict[str, str] | None:
    """Of the rivals' packages; ``None`` where they cannot be imported."""
    import json

    done = subprocess.run([str(python), "-c", PROBE], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None

"""The worker child: what becomes of a job that it has no memory for."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import psutil
import pytest

from kernel.config import MemoryConfig
from kernel.errors import JobFailed
from kernel.memory.structs import FilesRead, FileToRead, ReadFiles
from kernel.worker import ProcessWorker

MB = 1024 * 1024


def to_read(path: Path) -> ReadFiles:
    file = FileToRead(path=str(path))
    return ReadFiles(files=(file,), limits=MemoryConfig(), learned_at="2026-01-01T00:00:00+00:00")


@pytest.mark.skipif(sys.platform != "linux", reason="another process's limits can be set on Linux alone")
async def test_no_memory_left_is_said_and_the_next_job_runs(tmp_path: Path) -> None:
    small, large = tmp_path / "small.txt", tmp_path / "large.txt"
    small.write_text("I bought a red boat near the harbour.")
    large.write_text("I bought a red boat near the harbour. " * 190_000)
    worker = ProcessWorker(tmp_path / "logs")
    try:
        await worker.run("read", to_read(small), FilesRead)
        child = worker.pids["worker"]
        room = psutil.Process(child).memory_info().vms + 60 * MB
        _, most = resource.prlimit(child, resource.RLIMIT_AS)
        resource.prlimit(child, resource.RLIMIT_AS, (room, most))
        with pytest.raises(JobFailed, match="not enough memory for 'read'; close other programs") as caught:
            await worker.run("read", to_read(large), FilesRead)
        assert caught.value.code == "no_memory"
        assert len((await worker.run("read", to_read(small), FilesRead)).memories) == 1
    finally:
        await worker.close()

"""llama.cpp's own server, as the package xllamacpp carries it: ``python llamacpp_server.py CONFIG_JSON``.

``CONFIG_JSON``: ``gguf``, ``port``, ``threads``, ``context`` (tokens of all slots together), ``slots``, ``unified``.
Everything else is as that server has it by default. Runs until SIGTERM, which ends it at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from xllamacpp import CommonParams, Server


def main() -> None:
    given = json.loads(sys.argv[1])
    parameters = CommonParams()
    parameters.model.path = given["gguf"]
    parameters.n_ctx = given["context"]
    parameters.n_parallel = given["slots"]
    parameters.kv_unified = given["unified"]
    parameters.port = given["port"]
    parameters.cpuparams.n_threads = given["threads"]
    parameters.cpuparams_batch.n_threads = given["threads"]
    server = Server(parameters)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    os._exit(0)  # at once: its own way down waits for streams whose clients come again


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()

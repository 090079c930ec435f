"""Tokens and vectors: the starter models, the child process that runs llama.cpp, and the parent's side of it.

In the parent only ``starter``, ``protocol``, ``client`` and ``scripted`` are imported; ``llamacpp``, ``scheduler``,
``embedder`` and ``worker`` belong to children, because llama.cpp ends the process it is in when an assertion fails.
"""

"""L2: identity and notes -> samples -> a LoRA on the base that is served -> GGUF.

``data/`` makes samples, ``packing`` lays them out, ``sft`` trains, ``adapter`` writes PEFT and GGUF, ``plan`` says what
it will cost, ``skill`` is what every self starts from. Everything here but the structs runs in the worker child.
"""

"""The mind: a library without a web framework, environment variables or side effects on import.

Read in this order: ``types`` (what things are), ``abc`` (the seams), ``mind`` (a home, opened),
``pipeline`` (notes -> L0 -> L1 -> L2 -> exam -> promotion), then the rooms: ``memory``, ``l0_insight``,
``l1_identity``, ``l2_training``, ``answer``, ``exam``, ``selves``, ``engine``.
"""

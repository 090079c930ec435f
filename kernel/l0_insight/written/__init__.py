"""L0 by a language model of about 1B and up, over any ``Engine``. Light: it runs in the server process.

What the model writes is a proposal: ``asking`` puts the question and reads the reply, ``wording`` and ``checking`` hold
every sentence of it against the words that it names, ``analyst`` puts what passed in the place of the extractive insight.
"""

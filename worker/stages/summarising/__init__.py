"""The parts of the ``summarise`` stage, in the order in which it takes them: ``choose`` (which words matter),
``bundle`` (what has to be read with them), ``write`` (the sentence, and its second try)."""

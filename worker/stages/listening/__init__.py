"""What the stage ``listen`` is made of, one subject a file: measures, tracks, leaks, speech, music."""

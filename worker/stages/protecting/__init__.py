"""What in a conversation has to be protected: numbers as they are spoken, and one finder for each subject."""

"""What each page says, as plain values: made from a record and its reader, and only set in type by the templates.

A page's HTML and its JSON come from the same value, so the two cannot say different things. Everything here is for
people: no word of the trade, lengths and days in words, nothing guessed. One module a section of the record's page.
"""

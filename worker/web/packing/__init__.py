"""What lies in a package for people: the page that opens without a network, the document to print, the note on how it
was made. They say what the record's page says, in the reader's language."""

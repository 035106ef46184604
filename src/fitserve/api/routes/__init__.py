"""One blueprint a file; each is made by a function that takes its collaborators."""

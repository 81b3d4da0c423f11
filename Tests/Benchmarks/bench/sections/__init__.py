"""One module a section; each has TITLE and `measure(stand) -> Result`."""

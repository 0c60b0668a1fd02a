"""One module a revision, `r<number>_<what it does>`."""

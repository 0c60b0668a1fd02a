"""What goes over HTTP as JSON: a class for each object, made from the contract's message of its name."""

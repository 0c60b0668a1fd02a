"""The routes, a module for each kind of thing. Each handler converts, calls the service and converts back."""

"""GitHub, as an App: the code host where pull requests live."""

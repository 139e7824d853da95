"""The facts of a pull request, frozen as gathered."""

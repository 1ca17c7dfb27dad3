"""Tools of maintainers, which are not part of the package."""

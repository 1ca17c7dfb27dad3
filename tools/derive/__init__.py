"""What a maintainer runs once: the shipped tables made from raw files. Not part of the package."""

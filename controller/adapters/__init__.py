"""One file or folder per vendor; they translate and decide nothing."""

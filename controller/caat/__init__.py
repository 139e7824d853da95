"""An agent release translated into a bundle for a platform."""

"""What should run: manifests, environments, releases; two trees, their difference and its effect."""

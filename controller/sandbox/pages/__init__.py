"""Plain pages to read, review and merge a pull request as one of the sandbox's people; they work without JavaScript."""

"""The only place that builds and wires: everything is made here and handed over finished."""

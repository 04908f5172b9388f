//! The command line's own settings, in layers. It alone reads the environment.

//! The `nicelist` binary: the exit code of the library's command line, nothing else.

fn main() {}

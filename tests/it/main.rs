//! The whole of nicelist from the outside: the real binary, real HTTP, real files, a terminal.

mod convergence;
mod losses;
mod world;

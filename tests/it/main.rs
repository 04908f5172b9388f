//! The whole of nicelist from the outside: the real binary, real HTTP, real files, a terminal.

mod api;
mod convergence;
mod idle;
mod losses;
mod santa;
mod world;

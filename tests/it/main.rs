//! The whole of nicelist from the outside: the real binary, real HTTP, real files, a terminal.

mod api;
mod convergence;
mod idle;
mod kill;
mod losses;
mod road;
mod santa;
mod shell;
mod terminal;
mod world;

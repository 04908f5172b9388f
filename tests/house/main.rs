//! The rules of this house, held as tests: who may name whom, and what files look like.

mod artifacts;
mod files;
mod layers;
mod size;
mod source;
mod words;

//! Checks on the project's own files: dependencies between modules, the form of files, and plain
//! words.

mod artifacts;
mod files;
mod layers;
mod leftovers;
mod mentions;
mod phrases;
mod platforms;
mod size;
mod source;
mod words;

//! Checks on the project's own files, for example the dependencies between modules.

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

//! Checks on the project's own files: which module may use which, how files look, and plain words.

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

//! Checks on the project's own files: which module may use which, and how files look.

mod artifacts;
mod files;
mod layers;
mod leftovers;
mod platforms;
mod size;
mod source;

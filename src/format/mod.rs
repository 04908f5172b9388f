//! Rules in files: one module a format. Reads a reader; opens no path.

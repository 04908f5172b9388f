//! The admin wire: what the command line and scripts say to the server, and its answers.
//!
//! Knows no HTTP library: types, their JSON, and the problems a server can report.

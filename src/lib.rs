//! nicelist manages which programs a fleet of Macs may run. It is a command line for people and
//! scripts, and a sync server that sends settings and rules to Santa on the Macs.
//!
//! `tests/house/layers.rs` checks that each module uses only these other modules:
//!
//! ```text
//! cel  document  protocol  shell nothing
//! config                       shell
//! rule                         cel
//! fleet                        rule
//! detect                       cel, document, rule
//! lint                         rule, fleet, document
//! api                          rule, fleet
//! format                       rule, fleet, document, shell
//! store                        rule, fleet, shell
//! client                       rule, fleet, api
//! lab                          rule, protocol, shell
//! sync                         rule, fleet, protocol, store, shell
//! server                       rule, fleet, protocol, api, store, sync, lint
//! cli                          all except protocol, store, sync
//! ```

pub mod api;
pub mod cel;
pub mod cli;
pub mod client;
pub mod config;
pub mod detect;
pub mod document;
pub mod fleet;
pub mod format;
pub mod lab;
pub mod lint;
pub mod protocol;
pub mod rule;
pub mod server;
pub mod shell;
pub mod store;
pub mod sync;

//! A published list of the requirements of Santa's sync protocol for servers, and tests of any
//! server against this list.
//!
//! This module does not use `protocol`, so that it can find mistakes in `protocol`. Requests are
//! written byte by byte, and responses are read as JSON, protobuf fields and headers. Hooks, which
//! are commands from the user, perform the actions that no client can perform (adding a rule or a
//! tag, setting a mode).
//!
//! - `case`, `cases`: the list, and the code of each case
//! - `judge`, `case_run`, `stop`, `report`: running a case, and its result
//! - `server`, `request`, `response`, `protobuf`: HTTP requests and responses, and protobuf
//! - `mac`, `rule`, `settings`: the behavior of each version of the client
//! - `hook`: the actions of an administrator
//! - `document`: the list as docs/CONFORMANCE.md

mod case;
mod case_run;
mod cases;
mod document;
mod hook;
mod judge;
mod mac;
mod protobuf;
mod report;
mod request;
mod response;
mod rule;
mod server;
mod settings;
mod stop;

pub use case::{Case, Demand, Stage};
pub use cases::all;
pub use document::document;
pub use hook::{Hook, HookCommand, HookError, Hooks};
pub use judge::Judge;
pub use report::{CaseReport, Status};
pub use request::BodyEncoding;
pub use server::{Header, HeaderError, Server, Unreachable};

//! Tests of the whole program, with the binary or with servers in this process.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::too_many_lines, reason = "a story is read from its beginning to its end")]
#![expect(clippy::print_stderr, reason = "the raw output belongs in the test's log")]

mod api;
mod apply;
mod backup;
mod bodies;
mod bounds;
mod checks;
mod clock;
#[expect(dead_code, reason = "the store's tests crash clusters and fill databases by hand")]
#[path = "../postgres/mod.rs"]
mod cluster;
mod completion;
mod config;
mod conformance;
mod connections;
mod convert;
mod database;
mod desk;
mod draft;
mod drift;
mod event_import;
mod events;
mod explain;
mod export;
mod faults;
mod file_contents;
mod find;
mod fleet;
mod forget;
mod generations;
mod history;
mod host_counts;
mod host_names;
mod host_state;
mod host_tags;
mod hostile_text;
mod idle;
mod import_files;
mod integrity;
mod interrupted;
mod kill;
mod lab;
mod lint;
mod local;
mod losses;
mod macs;
mod manifest;
mod merge;
mod model;
mod offers;
mod old_database;
mod old_history;
mod older_events;
mod one_page;
mod openapi;
mod other_files;
mod pending;
mod picker;
mod policy;
mod programs;
mod rates;
mod readme;
mod ready;
mod refusals;
mod requests;
mod restore;
mod road;
mod rollback;
mod round_trips;
mod rule_edit;
mod serve;
mod servers;
mod settings_import;
mod shell;
mod status;
mod stdout_and_rejects;
mod terminal;
mod times;
mod tls;
mod twice;
mod verbose;
mod wire;
mod world;

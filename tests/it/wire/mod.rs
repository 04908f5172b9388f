//! Santa's wire format, byte by byte: requests of clients of all generations and their responses,
//! through the router. There is a file for each section of the protocol, and each test has the
//! number of its point.

mod by_hand;
mod checklist;
mod event_upload;
mod generations;
mod hostile;
mod postflight;
mod preflight;
mod rule_download;
mod server;
mod transport;

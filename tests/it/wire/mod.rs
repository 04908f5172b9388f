//! Santa's wire format, byte by byte. The tests send requests as clients of all generations do, and
//! check the responses of the router. A number such as `§4.1` groups the tests of one part of the
//! protocol.

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

//! Single requests to a sync server, to find out why Macs cannot sync with it.
//!
//! - `certificate`: the certificates that a server sends, or that a file contains
//! - `handshake`: a TLS handshake, and why a Mac refuses the server's certificate
//! - `http`: HTTP requests as a Mac sends them, and requests that show what a proxy changes

mod certificate;
mod handshake;
mod http;

pub use certificate::{LONGEST_VALIDITY_DAYS, ServerCertificate, certificates_in};
pub use handshake::{Handshake, HandshakeFault, handshake};
pub use http::{MACHINE, Probe, SERIAL, innermost};

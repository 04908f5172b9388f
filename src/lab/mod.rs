//! A headless Santa: syncs with any Santa sync server as a real client does.
//!
//! Shares no code with the server side: a client built from it would prove nothing.

mod transport;

pub use transport::{AddressError, Answer, HttpTransport, Transport, TransportError};

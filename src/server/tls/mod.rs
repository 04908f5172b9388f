//! TLS: the server's certificate, the verification of client certificates, and reloading both while
//! the server runs.
//!
//! With a client CA, the handshake requests a client certificate but does not require one. A client
//! without a certificate can still use the admin API with a token. For a client with an invalid
//! certificate, the handshake fails.

mod error;
mod handshake;
mod material;
mod peer;
mod reload;

pub use error::{TlsError, TlsFileKind, TlsProblem};
pub(super) use handshake::Secured;
pub use material::TlsFiles;
pub(super) use peer::{Certified, Peer};
pub use reload::Tls;

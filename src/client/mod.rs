//! The admin API as methods, over HTTP or in this process: the same requests, the same answers.
//!
//! It prints nothing, asks nothing and ends nothing.

mod error;
mod http;
mod pages;
mod routes;
mod transport;

pub use error::ClientError;
pub use http::Authorities;
pub use pages::Pages;
pub(crate) use routes::exactly;
pub use transport::{BoxFuture, InProcess};

use transport::Transport;

/// Asks one nicelist server, or one local database, for everything that the admin API offers.
pub struct Client {
    transport: Box<dyn Transport>,
}

#[cfg(test)]
mod tests;

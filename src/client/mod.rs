//! The methods of the admin API. Each method sends the same request to a server over HTTP or in
//! this process.
//!
//! This module never prints, prompts or exits.

mod error;
mod exchange;
mod http;
mod pages;
mod routes;
mod transport;

pub use error::ClientError;
pub(crate) use exchange::{log_bodies, rounded};
pub use http::Authorities;
pub use pages::Pages;
pub(crate) use routes::exactly;
pub use transport::{BoxFuture, InProcess};

use transport::Transport;

pub struct Client {
    transport: Box<dyn Transport>,
}

#[cfg(test)]
mod tests;

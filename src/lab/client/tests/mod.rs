//! Code that several tests of the client share.

pub(in crate::lab::client) mod scripted_server;

//! What is kept: the `Store` trait and its adapters. SQL lives only here.

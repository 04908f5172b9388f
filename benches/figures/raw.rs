//! An axum server that returns fixed bytes, for comparison with nicelist.

use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;

use crate::process;

pub(crate) const ROLE: &str = "raw-server";

pub(crate) struct Raw {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Raw {
    /// Starts a server that returns the bytes `preflight` for each preflight, and short fixed
    /// bodies for all other requests.
    pub(crate) fn start(preflight: &[u8]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(ROLE).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        process.stdin.take().unwrap().write_all(preflight).unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { process, address: address.trim().parse().unwrap() }
    }

    pub(crate) fn cpu(&self) -> Duration {
        process::cpu(&self.process.id().to_string())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

pub(crate) fn serve() {
    let preflight = Bytes::from(std::io::read_to_string(std::io::stdin()).unwrap());
    // This server uses the same number of worker threads as nicelist.
    let threads = (std::thread::available_parallelism().unwrap().get() / 2).max(1);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(threads).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let preflight = Arc::new(preflight);
        let router = Router::new().fallback(move |request: Request| {
            let preflight = Arc::clone(&preflight);
            async move {
                let path = request.uri().path().to_owned();
                axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
                let body = if path.contains("/preflight/") {
                    Bytes::clone(&preflight)
                } else if path.contains("/ruledownload/") {
                    Bytes::from_static(br#"{"rules":[]}"#)
                } else {
                    Bytes::from_static(b"{}")
                };
                ([(CONTENT_TYPE, "application/json")], body)
            }
        });
        axum::serve(listener, router).await.unwrap();
    });
}

//! Simulated Macs with little overhead.

use std::io::{BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};

use flate2::read::GzDecoder;

use crate::server::{connect, exchange};

pub(crate) struct Mac {
    stream: BufReader<TcpStream>,
    name: String,
    preflight: String,
}

impl Mac {
    pub(crate) fn connect(address: SocketAddr, number: usize) -> Self {
        let stream = connect(address);
        let mut mac = Self { stream, name: String::new(), preflight: String::new() };
        mac.switch_to(number);
        mac
    }

    pub(crate) fn switch_to(&mut self, number: usize) {
        self.name = format!("M{number}");
        self.preflight = format!(
            r#"{{"serial_num":"C{number}","hostname":"mac-{number}","model_identifier":"Mac14,2","os_version":"15.1","os_build":"24B83","santa_version":"2026.7","primary_user":"user{number}","client_mode":"MONITOR"}}"#
        );
    }

    /// A sync with nothing to do.
    pub(crate) fn sync(&mut self) {
        self.preflight();
        self.post("ruledownload", "{}");
        self.post("postflight", "{}");
    }

    pub(crate) fn preflight(&mut self) -> Vec<u8> {
        let body = self.preflight.clone();
        self.post("preflight", &body)
    }

    /// A sync that downloads all pending rules. Returns the number of pages.
    pub(crate) fn take_all(&mut self) -> usize {
        self.preflight();
        let (pages, rules) = self.download();
        self.finish(rules);
        pages
    }

    pub(crate) fn download(&mut self) -> (usize, usize) {
        self.download_at_most(usize::MAX)
    }

    /// Downloads at most `most` pages. Returns the number of pages and the number of rules.
    pub(crate) fn download_at_most(&mut self, most: usize) -> (usize, usize) {
        let (mut request, mut pages, mut rules) = ("{}".to_owned(), 0, 0);
        while pages < most {
            let page = self.post("ruledownload", &request);
            pages += 1;
            rules += memchr::memmem::find_iter(&page, b"\"identifier\"").count();
            let Some(at) = memchr::memmem::rfind(&page, b"\"cursor\":\"") else { break };
            let cursor = &page[at + br#""cursor":""#.len()..];
            let end = cursor.iter().position(|byte| *byte == b'"').unwrap();
            let cursor = std::str::from_utf8(&cursor[..end]).unwrap();
            request = format!(r#"{{"cursor":"{cursor}"}}"#);
        }
        (pages, rules)
    }

    pub(crate) fn finish(&mut self, rules: usize) {
        let counts = format!(r#"{{"rules_received":{rules},"rules_processed":{rules}}}"#);
        self.post("postflight", &counts);
    }

    pub(crate) fn upload(&mut self, events: &str) {
        self.post("eventupload", events);
    }

    pub(crate) fn post(&mut self, stage: &str, body: &str) -> Vec<u8> {
        let path = format!("/santa/{stage}/{}", self.name);
        let (headers, response) =
            exchange(&mut self.stream, "POST", &path, "accept-encoding: gzip\r\n", body);
        if !headers.contains("content-encoding: gzip") {
            return response;
        }
        let mut plain = Vec::new();
        GzDecoder::new(&response[..]).read_to_end(&mut plain).unwrap();
        plain
    }
}

pub(crate) fn together(macs: &mut [Mac], work: impl Fn(&mut Mac) + Sync) {
    std::thread::scope(|threads| {
        for mac in macs {
            let work = &work;
            threads.spawn(move || work(mac));
        }
    });
}

/// Runs `work` one time for each of `macs` Macs. The Macs share the connections. Each connection is
/// used by only one Mac at a time.
pub(crate) fn in_turn(connections: &mut [Mac], macs: usize, work: impl Fn(&mut Mac) + Sync) {
    let step = connections.len();
    std::thread::scope(|threads| {
        for (first, mac) in connections.iter_mut().enumerate() {
            let work = &work;
            threads.spawn(move || {
                for number in (first..macs).step_by(step) {
                    mac.switch_to(number);
                    work(mac);
                }
            });
        }
    });
}

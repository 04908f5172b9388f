//! Each format with bytes that are built by hand, and hostile files.

mod hostile;
mod json;
mod pitfalls;

use std::io::Write;

use xxhash_rust::xxh3::xxh3_64;

use super::*;
use crate::detect::wire::{put_bytes, put_varint};

const TYPE_URL: &[u8] = b"type.googleapis.com/santa.pb.v1.SantaMessage";

/// An event of the kind `disk` with this volume.
fn event(volume: &str) -> Vec<u8> {
    let mut disk = Vec::new();
    put_bytes(&mut disk, 3, volume.as_bytes());
    let mut event = Vec::new();
    put_bytes(&mut event, 1, b"M1");
    put_bytes(&mut event, 18, &disk);
    event
}

fn events(volumes: &[&str]) -> Vec<Vec<u8>> {
    volumes.iter().map(|volume| event(volume)).collect()
}

fn frame(event: &[u8]) -> Vec<u8> {
    let mut frame = b"SNT!".to_vec();
    frame.extend(xxh3_64(event).to_be_bytes());
    put_varint(&mut frame, event.len() as u64);
    frame.extend(event);
    frame
}

fn frames(events: &[Vec<u8>]) -> Vec<u8> {
    events.iter().flat_map(|event| frame(event)).collect()
}

fn any(type_url: &[u8], event: &[u8]) -> Vec<u8> {
    let mut any = Vec::new();
    put_bytes(&mut any, 1, type_url);
    put_bytes(&mut any, 2, event);
    any
}

/// A message whose field 1 is a list of these records.
fn list(records: &[Vec<u8>]) -> Vec<u8> {
    let mut list = Vec::new();
    records.iter().for_each(|record| put_bytes(&mut list, 1, record));
    list
}

fn log_batch(events: &[Vec<u8>]) -> Vec<u8> {
    list(&events.iter().map(|event| any(TYPE_URL, event)).collect::<Vec<_>>())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

/// The events of a file and what was lost.
fn read(file: &[u8]) -> (Vec<Vec<u8>>, Vec<(Loss, u64)>) {
    read_with(Limits::default(), file)
}

fn read_with(limits: Limits, file: &[u8]) -> (Vec<Vec<u8>>, Vec<(Loss, u64)>) {
    let mut reader = SpoolReader::new(limits);
    let mut found = Vec::new();
    let mut events = reader.read(Path::new("file"), file);
    while let Some(event) = events.next_event() {
        found.push(event.message.to_vec());
    }
    assert!(events.next_event().is_none(), "nothing is counted twice");
    drop(events);
    let health = reader.into_health();
    assert_eq!((health.files, health.events), (1, found.len() as u64));
    assert_eq!(health.is_complete(), health.samples.is_empty());
    (found, health.lost.iter().collect())
}

#[test]
fn each_format_of_santas_spool_is_read() {
    let expected = events(&["one", "two", "three"]);
    let stream = frames(&expected);
    let files = [log_batch(&expected), stream.clone(), gzip(&stream), zstd(&stream)];
    for file in files {
        assert_eq!(read(&file), (expected.clone(), Vec::new()), "{:x?}", &file[..4]);
    }
}

#[test]
fn frames_have_the_bytes_that_santa_writes() {
    let event = event("one");
    let file = frame(&event);
    assert_eq!(file[..4], [0x53, 0x4E, 0x54, 0x21]);
    assert_eq!(u64::from_be_bytes(file[4..12].try_into().unwrap()), xxh3_64(&event));
    assert_eq!(usize::from(file[12]), event.len());
    let mut unchecked = file;
    unchecked[4..12].fill(0);
    assert_eq!(read(&unchecked), (vec![event], Vec::new()), "zero means that there is no hash");
}

#[test]
fn plain_protobuf_is_read() {
    let expected = events(&["one", "two"]);
    assert_eq!(read(&list(&expected)), (expected.clone(), Vec::new()));
    assert_eq!(read(&expected[0]), (vec![expected[0].clone()], Vec::new()));
    let mut without_machine_id = Vec::new();
    put_bytes(&mut without_machine_id, 11, &[]);
    assert_eq!(read(&without_machine_id), (vec![without_machine_id.clone()], Vec::new()));
}

#[test]
fn every_format_is_also_read_when_it_is_compressed() {
    let expected = events(&["one", "two"]);
    for file in [log_batch(&expected), list(&expected)] {
        assert_eq!(read(&gzip(&file)), (expected.clone(), Vec::new()));
        assert_eq!(read(&zstd(&file)), (expected.clone(), Vec::new()));
    }
    let two_members = [gzip(&frame(&expected[0])), gzip(&frame(&expected[1]))].concat();
    assert_eq!(read(&two_members), (expected, Vec::new()));
}

#[test]
fn an_empty_file_has_no_events() {
    assert_eq!(read(&[]), (Vec::new(), Vec::new()));
    assert_eq!(read(&gzip(&[])), (Vec::new(), Vec::new()));
    assert_eq!(read(&zstd(&[])), (Vec::new(), Vec::new()));
}

#[test]
fn unknown_fields_between_records_are_skipped() {
    let mut file = log_batch(&events(&["one"]));
    put_bytes(&mut file, 7, b"unknown");
    crate::detect::wire::put_number(&mut file, 8, 300);
    file.extend(log_batch(&events(&["two"])));
    assert_eq!(read(&file), (events(&["one", "two"]), Vec::new()));
}

/// A file of more than one buffer, with events of all sizes at its borders.
#[test]
fn large_files_are_read_completely() {
    let expected: Vec<_> = (0..2_000).map(|at| event(&"x".repeat(at))).collect();
    let large = vec![event(&"y".repeat(1 << 20))];
    let all = [expected, large].concat();
    assert_eq!(read(&frames(&all)), (all.clone(), Vec::new()));
    assert_eq!(read(&log_batch(&all)), (all.clone(), Vec::new()));
    assert_eq!(read(&zstd(&frames(&all))), (all, Vec::new()));
}

/// A reader that returns one byte at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(1);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn slow_readers_change_nothing() {
    let expected = events(&["one", "two"]);
    let json = b"[[\n{\"disk\": {}}\n]]".to_vec();
    for file in [frames(&expected), log_batch(&expected), zstd(&frames(&expected)), json] {
        let mut reader = SpoolReader::default();
        let mut slow = reader.read(Path::new("slow"), Slow(&file));
        let mut count = 0;
        while slow.next_event().is_some() {
            count += 1;
        }
        drop(slow);
        assert_eq!(count, read(&file).0.len());
        assert!(count > 0 && reader.health().is_complete(), "{:?}", reader.health());
    }
}

#[test]
fn one_reader_reads_many_files() {
    let expected = events(&["one", "two"]);
    let mut damaged = zstd(&frames(&expected));
    damaged.truncate(20);
    let mut reader = SpoolReader::default();
    for file in [damaged, zstd(&frames(&expected)), frames(&expected)] {
        let mut events = reader.read(Path::new("file"), file.as_slice());
        while events.next_event().is_some() {}
    }
    let health = reader.into_health();
    assert_eq!((health.files, health.events), (3, 4), "{health:?}");
    assert_eq!(health.lost.count(Loss::Damaged), 1);
}

#[test]
fn health_is_json_with_the_reasons_that_occurred() {
    let mut reader = SpoolReader::default();
    let mut events = reader.read(Path::new("new/1"), &b"SNT?"[..]);
    assert!(events.next_event().is_none());
    drop(events);
    let json = serde_json::to_value(reader.health()).unwrap();
    let expected = serde_json::json!({
        "files": 1, "vanished": 0, "bytes": 4, "events": 0,
        "lost": { "unknown_format": 1 },
        "samples": [{ "file": "new/1", "loss": "unknown_format" }],
    });
    assert_eq!(json, expected);
    let mut sum = reader.health().clone();
    sum.merge(reader.into_health());
    assert_eq!((sum.files, sum.bytes, sum.lost.total()), (2, 8, 2));
}

//! Mistakes that a reader of a spool can easily contain, each with its own test.

use std::fs;

use super::*;
use crate::detect::telemetry::decode;

/// Santa uses XXH3 in big-endian order, not XXH64 in little-endian order.
#[test]
fn all_four_spool_formats_are_read_including_their_hashes() {
    let expected = events(&["one", "two"]);
    let mut little_endian = frame(&expected[0]);
    little_endian[4..12].reverse();
    let file = [little_endian, frame(&expected[1])].concat();
    let (found, lost) = read(&file);
    assert_eq!(found, expected[1..]);
    assert_eq!(lost, [(Loss::WrongHash, 1)]);
}

/// Santa's files have the package `santa.pb.v1` instead of the public `santa.telemetry.v1`.
#[test]
fn the_package_of_a_type_does_not_matter() {
    let expected = events(&["one", "two"]);
    for url in ["type.googleapis.com/santa.telemetry.v1.SantaMessage", "x.SantaMessage"] {
        let records = expected.iter().map(|event| any(url.as_bytes(), event));
        let file = list(&records.collect::<Vec<_>>());
        assert_eq!(read(&file), (expected.clone(), Vec::new()), "{url}");
    }
    // After the first record, no event is lost for its label.
    let file = list(&[any(TYPE_URL, &expected[0]), any(b"forged", &expected[1])]);
    assert_eq!(read(&file), (expected, Vec::new()));
}

#[test]
fn annotations_of_newer_messages_are_skipped() {
    let mut process = Vec::new();
    put_bytes(&mut process, 18, b"a process tree");
    let mut execution = Vec::new();
    put_bytes(&mut execution, 2, &process);
    let mut event = Vec::new();
    put_bytes(&mut event, 10, &execution);
    put_bytes(&mut event, 99, b"a field of a newer Santa");
    let (found, lost) = read(&frame(&event));
    assert!(lost.is_empty(), "{lost:?}");
    let decoded = decode(&found[0]).unwrap();
    assert_eq!(decoded, serde_json::json!({ "execution": { "target": {} } }));
}

#[test]
fn a_backlog_of_2500_files_is_read_completely() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    fs::create_dir_all(&new).unwrap();
    fs::create_dir(folder.path().join("tmp")).unwrap();
    fs::write(folder.path().join("tmp/incomplete"), "SNT!").unwrap();
    for at in (0..2_500).rev() {
        let volume = at.to_string();
        fs::write(new.join(format!("{:016x}_{at:020}", 7)), frame(&event(&volume))).unwrap();
    }
    let files = spool_files(folder.path()).unwrap();
    assert_eq!(files.len(), 2_500);
    let mut reader = SpoolReader::default();
    for (at, file) in files.iter().enumerate() {
        let mut events = reader.open(file).unwrap().unwrap();
        let found = events.next_event().unwrap();
        assert_eq!(found.message, event(&at.to_string()), "sorted by name");
        assert!(events.next_event().is_none());
    }
    let health = reader.into_health();
    assert_eq!((health.files, health.events, health.is_complete()), (2_500, 2_500, true));
}

#[test]
fn a_file_that_vanishes_between_listing_and_opening_is_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(folder.path().join(name), frame(&event(name))).unwrap();
    }
    let files = spool_files(folder.path()).unwrap();
    fs::remove_file(&files[0]).unwrap();
    let mut reader = SpoolReader::default();
    assert!(reader.open(&files[0]).unwrap().is_none());
    let mut events = reader.open(&files[1]).unwrap().unwrap();
    assert_eq!(events.next_event().unwrap().message, event("b"));
    drop(events);
    let health = reader.into_health();
    assert_eq!((health.vanished, health.files, health.is_complete()), (1, 1, true));
}

#[test]
fn a_truncated_last_frame_loses_only_that_event() {
    let expected = events(&["one", "two"]);
    let whole = frames(&expected);
    let first = frame(&expected[0]).len();
    for length in first + 1..whole.len() {
        let (found, lost) = read(&whole[..length]);
        assert_eq!((found, lost), (expected[..1].to_vec(), vec![(Loss::Truncated, 1)]), "{length}");
    }
}

/// A file may be compressed by any ratio. Only its absolute size is limited.
#[test]
fn a_file_with_a_high_compression_ratio_is_read() {
    let expected = vec![event(&"A".repeat(10 << 20)), event("after")];
    for file in [zstd(&frames(&expected)), gzip(&frames(&expected))] {
        assert!(file.len() < 100_000);
        assert_eq!(read(&file), (expected.clone(), Vec::new()));
    }
}

#[test]
fn the_output_of_printlog_is_read() {
    let file = include_bytes!("printlog.json");
    let (found, lost) = read(file);
    assert!(lost.is_empty(), "{lost:?}");
    let paths = found.iter().map(|event| {
        let event = decode(event).unwrap();
        event["execution"]["target"]["executable"]["path"].as_str().map(str::to_owned)
    });
    let expected = ["/usr/bin/curl", "/bin/ls"].map(|path| Some(path.to_owned()));
    assert_eq!(paths.collect::<Vec<_>>(), expected.into_iter().chain([None]).collect::<Vec<_>>());
}

/// A folder of another program, and single files, are read like Santa's own spool.
#[test]
fn folders_and_files_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b", "a", ".hidden"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::create_dir(folder.path().join("inside")).unwrap();
    let names = |path: &Path| {
        let files = spool_files(path).unwrap().into_iter();
        files.map(|file| file.file_name().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(folder.path()), ["a", "b"]);
    assert_eq!(names(&folder.path().join("a")), ["a"]);
    let missing = spool_files(&folder.path().join("c")).unwrap_err();
    assert!(missing.to_string().ends_with("c: not found"), "{missing}");
    assert!(missing.hint().unwrap().contains("EventLogType"));
}

#[test]
fn permission_denied_says_what_to_do() {
    let denied =
        SpoolError::new(Path::new("/var/db/santa/spool"), io::ErrorKind::PermissionDenied.into());
    assert_eq!(denied.to_string(), "cannot read /var/db/santa/spool: permission denied");
    assert!(denied.hint().unwrap().contains("sudo"));
}

//! Files that an attacker wrote. Nothing is hidden: each loss is counted.

use super::*;
use crate::detect::wire::put_number;

#[test]
fn a_wrong_hash_loses_only_its_event() {
    let all = events(&["one", "two", "three"]);
    let mut file = frames(&all);
    let second = frame(&all[0]).len();
    file[second + 13] ^= 1;
    let expected = vec![all[0].clone(), all[2].clone()];
    assert_eq!(read(&file), (expected.clone(), vec![(Loss::WrongHash, 1)]));
    assert_eq!(read(&zstd(&file)), (expected, vec![(Loss::WrongHash, 1)]));
}

/// After a wrong magic number, nothing is searched for: an argument could contain a frame.
#[test]
fn a_wrong_magic_number_ends_the_file() {
    let all = events(&["one", "two", "three"]);
    let mut file = frames(&all);
    let second = frame(&all[0]).len();
    file[second] = b'X';
    assert_eq!(read(&file), (all[..1].to_vec(), vec![(Loss::WrongMagic, 1)]));
    let garbage = [frame(&all[0]), b"SN?".to_vec()].concat();
    assert_eq!(read(&garbage), (all[..1].to_vec(), vec![(Loss::WrongMagic, 1)]));
}

#[test]
fn an_undecodable_event_loses_only_itself() {
    let all = events(&["one", "two"]);
    let broken = vec![0x0A, 0x7F, 1];
    let three = [all[0].clone(), broken, all[1].clone()];
    let expected = (all, vec![(Loss::Undecodable, 1)]);
    assert_eq!(read(&frames(&three)), expected);
    assert_eq!(read(&log_batch(&three)), expected);
    assert_eq!(read(&list(&three)), expected);
}

#[test]
fn a_broken_record_loses_only_its_event() {
    let all = events(&["one", "two"]);
    let records = [vec![0x0A, 0x7F], any(TYPE_URL, &all[0]), vec![0x0F], any(TYPE_URL, &all[1])];
    assert_eq!(read(&list(&records)), (all, vec![(Loss::Undecodable, 2)]));
}

#[test]
fn events_without_a_known_kind_are_counted() {
    let mut newer = Vec::new();
    put_bytes(&mut newer, 60, b"an event of a newer Santa");
    let file = frames(&[newer, Vec::new(), event("one")]);
    assert_eq!(read(&file), (events(&["one"]), vec![(Loss::UnknownKind, 2)]));
}

#[test]
fn false_lengths_end_the_file() {
    let all = events(&["one"]);
    let too_long = |length: &[u8]| {
        [frame(&all[0]), b"SNT!".to_vec(), vec![0; 8], length.to_vec(), vec![1, 2, 3]].concat()
    };
    let cases: [(&[u8], Loss); 5] = [
        (&[4], Loss::Truncated),
        (&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Loss::Truncated),
        (&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F], Loss::InvalidFrame),
        (&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], Loss::InvalidFrame),
        (&[0xFF; 20], Loss::InvalidFrame),
    ];
    for (length, loss) in cases {
        let (found, lost) = read(&too_long(length));
        assert_eq!((found, lost), (all.clone(), vec![(loss, 1)]), "{length:x?}");
    }
    let batch = |length: &[u8]| [log_batch(&all), vec![0x0A], length.to_vec()].concat();
    let cases: [(&[u8], Loss); 4] = [
        (&[], Loss::Truncated),
        (&[9, 1], Loss::Truncated),
        (&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], Loss::Truncated),
        (&[0xFF; 20], Loss::InvalidFrame),
    ];
    for (length, loss) in cases {
        assert_eq!(read(&batch(length)), (all.clone(), vec![(loss, 1)]), "{length:x?}");
    }
}

/// A length that covers the next frame costs both events, but the rest is read.
#[test]
fn a_length_that_covers_the_next_frame_fails_the_hash() {
    let all = events(&["one", "two", "three"]);
    let mut file = frames(&all);
    let first = frame(&all[0]).len();
    file[12] = (first - 13 + frame(&all[1]).len()) as u8;
    assert_eq!(read(&file), (all[2..].to_vec(), vec![(Loss::WrongHash, 1)]));
}

#[test]
fn giant_events_are_skipped_without_memory() {
    let limits = Limits { message: 1_000, ..Limits::default() };
    let giant = event(&"A".repeat(3 << 20));
    let all = [event("one"), giant, event("two")];
    let expected = (events(&["one", "two"]), vec![(Loss::MessageTooLarge, 1)]);
    for file in [frames(&all), log_batch(&all), list(&all)] {
        let mut reader = SpoolReader::new(limits);
        let mut events = reader.read(Path::new("file"), file.as_slice());
        while events.next_event().is_some() {}
        drop(events);
        assert!(reader.buffer.len() < 1 << 20, "{} bytes", reader.buffer.len());
        assert_eq!(read_with(limits, &file), expected);
    }
}

#[test]
fn decompression_bombs_end_at_the_limit() {
    let limits = Limits { file: 1 << 20, ..Limits::default() };
    let bomb = [frame(&event("one")), frame(&event(&"A".repeat(2 << 20)))].concat();
    for file in [zstd(&bomb), gzip(&bomb)] {
        let (found, lost) = read_with(limits, &file);
        assert_eq!((found, lost), (events(&["one"]), vec![(Loss::FileTooLarge, 1)]));
    }
}

/// A zstd file may request 2 GiB of memory before the first byte.
#[test]
fn a_giant_zstd_window_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(24).unwrap();
    encoder.write_all(&frame(&event(&"A".repeat(9 << 20)))).unwrap();
    let file = encoder.finish().unwrap();
    assert_eq!(read(&file), (Vec::new(), vec![(Loss::Damaged, 1)]));
}

#[test]
fn damaged_compression_keeps_what_came_before() {
    let all: Vec<_> = (0..20_000).map(|at| event(&format!("{at}-{}", at * 7_919))).collect();
    for mut file in [zstd(&frames(&all)), gzip(&frames(&all))] {
        file.truncate(file.len() - 5);
        let (found, lost) = read(&file);
        assert!(!found.is_empty() && found == all[..found.len()], "{} events", found.len());
        assert_eq!(lost, [(Loss::Damaged, 1)]);
    }
}

#[test]
fn compression_inside_compression_is_refused() {
    let file = frames(&events(&["one"]));
    for twice in [zstd(&zstd(&file)), gzip(&gzip(&file)), zstd(&gzip(&file))] {
        assert_eq!(read(&twice), (Vec::new(), vec![(Loss::UnknownFormat, 1)]));
    }
}

#[test]
fn files_of_other_kinds_are_refused() {
    let others: [&[u8]; 6] =
        [b"hello", b"\x7FELF\x02\x01", &[0; 100], b"SN", b"<plist>", &[0x0A, 0xFF, 0xFF]];
    for file in others {
        let (found, lost) = read(file);
        assert_eq!(found.len(), 0);
        assert_eq!(lost.len(), 1, "{file:x?}: {lost:?}");
    }
}

#[test]
fn deep_nesting_needs_no_stack() {
    let mut nested = Vec::new();
    for _ in 0..200 {
        let mut outer = Vec::new();
        put_bytes(&mut outer, 10, &nested);
        nested = outer;
    }
    assert_eq!(read(&frame(&nested)).0.len(), 1);
    let deep = format!("{{\"disk\":{{}},\"x\":{}{}}}", "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(read(deep.as_bytes()).0.len(), 1);
    let endless = "[{".repeat(500_000);
    assert_eq!(read(endless.as_bytes()).1, [(Loss::Truncated, 1)]);
}

#[test]
fn invalid_texts_do_not_hide_an_event() {
    let mut disk = Vec::new();
    put_bytes(&mut disk, 3, b"\xFF\xFE");
    put_number(&mut disk, 12, 1);
    let mut event = Vec::new();
    put_bytes(&mut event, 1, b"\xC3\x28");
    put_bytes(&mut event, 18, &disk);
    assert_eq!(read(&frame(&event)), (vec![event.clone()], Vec::new()));
    let decoded = crate::detect::telemetry::decode(&event).unwrap();
    assert_eq!(decoded["disk"]["volume"], "\u{FFFD}\u{FFFD}");
}

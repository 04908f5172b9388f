use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::write::encode_file;
use super::*;
use crate::detect::spool::{SpoolReader, spool_files};
use crate::detect::telemetry::{Kind, decode, find_kind};

#[test]
fn events_have_only_fields_of_the_schema() {
    let mut generator = Generator::new(1);
    for _ in 0..3_000 {
        let event = generator.next_value();
        assert_eq!(decode(&encode_value(&event).unwrap()).unwrap(), event);
    }
}

#[test]
fn every_kind_occurs_and_events_have_realistic_sizes() {
    let mut generator = Generator::new(2);
    let (mut kinds, mut bytes) = (BTreeMap::<Kind, u64>::new(), 0);
    for _ in 0..20_000 {
        let event = generator.next_event().unwrap();
        *kinds.entry(find_kind(&event).unwrap().unwrap()).or_default() += 1;
        bytes += event.len();
    }
    assert_eq!(kinds.len(), Kind::all().len(), "{kinds:?}");
    let mean = bytes / 20_000;
    assert!((1_000..1_500).contains(&mean), "{mean} bytes per event");
    let executions = kinds[&Kind::from_name("execution").unwrap()];
    assert!((4_000..12_000).contains(&executions), "{kinds:?}");
}

#[test]
fn processes_form_trees() {
    let id = |process: &Value| (process["id"]["pid"].clone(), process["id"]["pidversion"].clone());
    let mut forked = HashSet::new();
    let mut running = HashSet::new();
    let (mut executions, mut exits, mut unsigned, mut denied) = (0, 0, 0, 0);
    let mut generator = Generator::new(3);
    for _ in 0..5_000 {
        let event = generator.next_value();
        if let Some(fork) = event.get("fork") {
            let parent = &fork["child"]["parent_id"];
            assert_eq!(*parent, fork["instigator"]["id"]);
            forked.insert(id(&fork["child"]).0.to_string());
        }
        if let Some(execution) = event.get("execution") {
            executions += 1;
            let target = &execution["target"];
            assert!(forked.contains(&id(target).0.to_string()), "only a fork can execute");
            assert_eq!(execution["instigator"]["id"]["pid"], target["id"]["pid"]);
            unsigned += u32::from(target.get("code_signature").is_none());
            denied += u32::from(execution["decision"] == "DECISION_DENY");
            running.insert(target["id"].to_string());
        }
        if let Some(exit) = event.get("exit") {
            exits += 1;
            assert!(
                running.remove(&exit["instigator"]["id"].to_string()),
                "it runs until it exits"
            );
        }
    }
    assert!(executions > 1_000 && exits > 300 && unsigned > 50 && denied > 10);
}

#[test]
fn the_same_seed_creates_the_same_events() {
    let first = |seed| {
        let mut generator = Generator::new(seed);
        (0..100).map(|_| generator.next_event().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(first(7), first(7));
    assert_ne!(first(7), first(8));
    for format in SpoolFormat::ALL {
        let file = |seed| encode_file(*format, &first(seed), Path::new("file")).unwrap();
        assert_eq!(file(7), file(7), "{format}");
    }
}

/// The same events are read from each format, in the same order and with the same bytes.
#[test]
fn every_format_is_read_as_it_was_written() {
    let mut generator = Generator::new(4);
    let expected: Vec<_> = (0..1_000).map(|_| generator.next_event().unwrap()).collect();
    for format in SpoolFormat::ALL {
        let folder = tempfile::tempdir().unwrap();
        let corpus = Corpus { events: 1_000, seed: 4, format: *format, folder: folder.path() };
        let mut reported = 0;
        let written = write_corpus(&corpus, |events| reported += events).unwrap();
        assert_eq!((written.events, reported), (1_000, 1_000));
        let files = spool_files(folder.path()).unwrap();
        assert!(files.len() > 2 && files.len() as u64 == written.files);
        let mut reader = SpoolReader::default();
        let mut found = Vec::new();
        for file in files {
            let mut events = reader.open(&file).unwrap().unwrap();
            while let Some(event) = events.next_event() {
                assert_eq!(find_kind(event.message), Ok(Some(event.kind)));
                found.push(event.message.to_vec());
            }
        }
        assert!(reader.health().is_complete(), "{format}: {:?}", reader.health());
        assert!(found == expected, "{format}: {} events", found.len());
        let again = write_corpus(&corpus, |_| {}).unwrap_err().to_string();
        assert!(again.ends_with("is not empty"), "{again}");
    }
}

#[test]
fn formats_have_the_names_of_santas_setting() {
    for format in SpoolFormat::ALL {
        assert_eq!(format.to_string().parse::<SpoolFormat>().unwrap(), *format);
    }
    assert!("zip".parse::<SpoolFormat>().is_err());
}

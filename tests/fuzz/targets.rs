//! Functions that must not panic for any bytes. The fuzzer (`fuzz/`) and the ordinary tests
//! (`tests/fuzz/main.rs`) both call them.

use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use nicelist::cel::{DEFAULT_COST, Program};
use nicelist::detect::check::TelemetryChecker;
use nicelist::detect::rule_files::{self, Fixture, SourceFile, Unchecked};
use nicelist::detect::sigma;
use nicelist::detect::spool::{Limits, SpoolReader};
use nicelist::detect::state::{MemoryStore, StateLimits};
use nicelist::detect::telemetry::{decode as decode_event, encode_value, find_kind};
use nicelist::detect::{Detector, RuleSet};
use nicelist::fleet::{Actor, Clock};
use nicelist::protocol::{
    BodyError, ContentEncoding, EventUploadRequest, EventUploadResponse, Format, Message,
    PostflightRequest, PostflightResponse, PreflightRequest, PreflightResponse,
    RuleDownloadRequest, RuleDownloadResponse, Wire, decode, decode_request, encode, read_answer,
    read_request, write,
};
use nicelist::rule::{Execution, MachineId, Policy, Rule, Scope, Target, cel_schema};
use nicelist::store::{Change, Durability, Edit, open};
use nicelist::sync::Engine;
use tokio::runtime::Runtime;

/// Panics if the program handles the bytes incorrectly.
pub(crate) type Attempt = fn(&[u8]);

/// Every target with its name, which is also the name of its corpus.
pub(crate) const TARGETS: [(&str, Attempt); 9] = [
    ("rule_file", rule_file),
    ("body", body),
    ("preflight", preflight),
    ("event_upload", event_upload),
    ("rule_download", rule_download),
    ("postflight", postflight),
    ("cursor", cursor),
    ("cel", cel),
    ("spool", spool),
];

/// Maximum bytes of a decoded body.
const LIMIT: usize = 1 << 16;

/// Decoding stays within the limit or fails. In every encoding, a decoded body is the same after
/// encoding and decoding.
pub(crate) fn body(bytes: &[u8]) {
    let encodings = [ContentEncoding::Identity, ContentEncoding::Deflate, ContentEncoding::Gzip];
    for encoding in encodings {
        let Ok(message) = decode(encoding, bytes, LIMIT) else { continue };
        assert!(message.len() <= LIMIT, "{encoding}: {} bytes", message.len());
        if let Some(less) = message.len().checked_sub(1) {
            let refused = decode(encoding, bytes, less);
            assert!(matches!(refused, Err(BodyError::TooLarge { .. })), "{encoding}: {refused:?}");
        }
        for again in encodings {
            let encoded = encode(again, &message).unwrap();
            assert_eq!(decode(again, &encoded, LIMIT).unwrap(), message, "{again}");
        }
    }
    for header in ["", "deflate", "gzip"] {
        if let Ok(message) = decode_request(header, bytes, LIMIT) {
            assert!(message.len() <= LIMIT, "{header}: {} bytes", message.len());
        }
    }
    let header = String::from_utf8_lossy(bytes);
    if let Ok(encoding) = header.parse::<ContentEncoding>() {
        assert_eq!(encoding.to_string().parse::<ContentEncoding>().unwrap(), encoding);
    }
}

/// An expression is refused with faults inside of it, or it is evaluated within the cost limit.
/// Recording the steps does not change the result.
pub(crate) fn cel(bytes: &[u8]) {
    let source = String::from_utf8_lossy(bytes);
    match Program::compile(&source, cel_schema()) {
        Ok(program) => {
            let execution = Execution::default();
            let outcome = program.evaluate(&execution, DEFAULT_COST);
            let (traced, steps) = program.trace(&execution, DEFAULT_COST);
            assert_eq!(format!("{outcome:?}"), format!("{traced:?}"), "{source}");
            let end = source.len();
            assert!(steps.iter().all(|step| step.span.end <= end), "{source}");
        }
        Err(error) => {
            assert!(!error.to_string().contains('\n'), "{error}");
            for fault in error.faults() {
                assert!(fault.span.start <= fault.span.end, "{error}");
                assert!(fault.span.end <= source.len(), "{error}");
                assert_eq!(fault.excerpt(&source).len(), 2);
            }
        }
    }
}

pub(crate) fn preflight(bytes: &[u8]) {
    request::<PreflightRequest>(bytes);
    answer::<PreflightResponse>(bytes);
}

pub(crate) fn event_upload(bytes: &[u8]) {
    request::<EventUploadRequest>(bytes);
    answer::<EventUploadResponse>(bytes);
}

pub(crate) fn rule_download(bytes: &[u8]) {
    request::<RuleDownloadRequest>(bytes);
    answer::<RuleDownloadResponse<'static>>(bytes);
}

pub(crate) fn postflight(bytes: &[u8]) {
    request::<PostflightRequest>(bytes);
    answer::<PostflightResponse>(bytes);
}

fn request<M: Message + PartialEq + Debug>(bytes: &[u8]) {
    settles(bytes, read_request::<M>);
}

fn answer<M: Message + PartialEq + Debug>(bytes: &[u8]) {
    settles(bytes, read_answer::<M>);
}

/// A valid message is the same after writing and reading, and is also valid in the other format.
/// The format of the written bytes is detected unless they are empty.
fn settles<M: Message + PartialEq + Debug, E: Debug>(
    bytes: &[u8],
    read: impl Fn(Format, &[u8]) -> Result<M, E>,
) {
    for format in [Format::Json, Format::Protobuf] {
        let Ok(message) = read(format, bytes) else { continue };
        let written = write(format, &message).unwrap();
        let again = read(format, &written).unwrap();
        assert_eq!(again, message, "{format:?}");
        assert_eq!(write(format, &again).unwrap(), written, "{format:?}");
        if !written.is_empty() {
            assert_eq!(Format::of(None, &written), format);
        }
        for other in [Format::Json, Format::Protobuf] {
            let elsewhere = read(other, &write(other, &message).unwrap());
            assert!(elsewhere.is_ok(), "{format:?} to {other:?}: {elsewhere:?}");
        }
    }
}

/// A file of rules, a test of detections, or a Sigma rule. What a Sigma rule becomes is a valid file of
/// rules.
pub(crate) fn rule_file(bytes: &[u8]) {
    for name in ["a.yaml", "a.tf"] {
        let read = rule_files::read(&[SourceFile::new(name, bytes)], &TelemetryChecker);
        for placed in read.valid() {
            let expression = &placed.detection.expression;
            assert!(expression.position(1, 1) >= expression.start());
        }
    }
    drop(Fixture::read(bytes));
    let conversion = sigma::convert(&[SourceFile::new("a.yml", bytes)]);
    if !conversion.rules.is_empty() {
        let text = sigma::document(&conversion.rules);
        let read = rule_files::read(&[SourceFile::new("a.yaml", text)], &Unchecked);
        assert!(read.remarks().is_empty(), "{read:?}");
    }
}

/// Any text is accepted as a cursor. A host's own cursor gets its page, and any other text gets the
/// first page of the host's download.
pub(crate) fn cursor(bytes: &[u8]) {
    static FLEET: OnceLock<Fleet> = OnceLock::new();
    let fleet = FLEET.get_or_init(Fleet::new);
    let text = String::from_utf8_lossy(bytes);
    for host in &fleet.hosts {
        let genuine = host.pages.iter().find(|page| page.cursor == text);
        let expected = genuine.unwrap_or(&host.pages[0]);
        let answer = fleet.download(&host.machine, &text);
        assert!(answer == expected.body, "{:?} was answered otherwise", host.machine);
    }
}

/// Some of the examples, to evaluate them over any events.
const DETECTIONS: [&str; 4] = [
    include_str!("../../examples/detections/unsigned.yaml"),
    include_str!("../../examples/detections/interpreters.yaml"),
    include_str!("../../examples/detections/sessions.yaml"),
    include_str!("../../examples/detections/files-and-network.yaml"),
];

fn detector() -> Detector {
    static RULES: OnceLock<Arc<RuleSet>> = OnceLock::new();
    let rules = RULES.get_or_init(|| {
        let files = DETECTIONS.map(|text| SourceFile::new("rules.yaml", text));
        let placed = rule_files::read(&files, &Unchecked).detections().unwrap();
        Arc::new(RuleSet::new(placed.into_iter().map(|placed| placed.detection)).unwrap())
    });
    Detector::with_store(rules.clone(), MemoryStore::default(), StateLimits::default())
}

/// Every event of a file has a kind. If all of it can be decoded, it is the same after encoding and
/// decoding. Detections are evaluated in the same way each time.
pub(crate) fn spool(bytes: &[u8]) {
    let mut detectors = [detector(), detector()];
    let mut reader = SpoolReader::new(Limits { message: LIMIT, file: 1 << 20 });
    let mut events = reader.read(Path::new("file"), bytes);
    while let Some(event) = events.next_event() {
        assert_eq!(find_kind(event.message), Ok(Some(event.kind)));
        let [first, second] = &mut detectors;
        assert_eq!(first.event("host", event.message), second.event("host", event.message));
        if let Ok(decoded) = decode_event(event.message) {
            let encoded = encode_value(&decoded).unwrap();
            assert_eq!(decode_event(&encoded).unwrap(), decoded);
        }
    }
    drop(events);
    let health = reader.into_health();
    assert!(health.bytes <= 1 << 20, "{health:?}");
    assert_eq!(health.is_complete(), health.samples.is_empty());
}

/// The cursors that [`cursor`] expects to be valid.
pub(crate) fn genuine_cursors() -> Vec<String> {
    let pages = Fleet::new().hosts.into_iter().flat_map(|host| host.pages);
    pages.map(|page| page.cursor).filter(|cursor| !cursor.is_empty()).collect()
}

/// An engine and two hosts that download from it: one during a sync, and one that never synced.
/// The engine and its data are the same in each run, so that valid cursors stay valid.
struct Fleet {
    runtime: Runtime,
    engine: Engine,
    hosts: Vec<Downloading>,
}

struct Downloading {
    machine: MachineId,
    pages: Vec<Page>,
}

struct Page {
    /// The cursor that requests this page.
    cursor: String,
    body: Vec<u8>,
}

impl Fleet {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (synced, stranger): (MachineId, MachineId) =
            ("M1".parse().unwrap(), "M2".parse().unwrap());
        let engine = runtime.block_on(async {
            let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
            let two = NonZeroUsize::new(2).unwrap();
            let store = open("sqlite::memory:", Durability::Power).await.unwrap();
            let engine = Engine::open(store, [7; 32], clock, two).await.unwrap();
            engine.commit(five_rules()).await.unwrap();
            let version = "2026.7".to_owned();
            let preflight = PreflightRequest { santa_version: version, ..Default::default() };
            engine.preflight(&synced, &preflight, &|| true).await.unwrap();
            engine
        });
        let mut fleet = Self { runtime, engine, hosts: Vec::new() };
        fleet.hosts = vec![fleet.follow(synced), fleet.follow(stranger)];
        fleet
    }

    fn follow(&self, machine: MachineId) -> Downloading {
        let (mut pages, mut next) = (Vec::new(), Some(String::new()));
        while let Some(cursor) = next {
            let body = self.download(&machine, &cursor);
            let page: RuleDownloadResponse<'_> = read_answer(Format::Json, &body).unwrap();
            next = page.cursor;
            pages.push(Page { cursor, body });
        }
        assert_eq!(pages.len(), 3, "five rules, two on a page");
        Downloading { machine, pages }
    }

    fn download(&self, machine: &MachineId, cursor: &str) -> Vec<u8> {
        let request = RuleDownloadRequest { cursor: cursor.to_owned(), ..Default::default() };
        let answer = self.engine.rule_download(machine, &request, Wire::default());
        self.runtime.block_on(answer).unwrap().to_vec()
    }
}

fn five_rules() -> Change {
    let targets = ["AAAAAAAAAA", "BBBBBBBBBB", "CCCCCCCCCC", "DDDDDDDDDD", "EEEEEEEEEE"];
    let rule = |team: &str| {
        let target: Target = format!("teamid:{team}").parse().unwrap();
        Edit::PutRule(Box::new(Rule::new(target, Scope::Fleet, Policy::Allow).unwrap()))
    };
    let at = "2026-11-20T09:00:00Z".parse().unwrap();
    Change {
        actor: Actor::new("anna", at),
        base: None,
        dry_run: false,
        edits: targets.map(rule).to_vec(),
    }
}

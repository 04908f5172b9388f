//! The number of events that the server accepts per second of CPU time.

use std::fmt::Write as _;
use std::time::Instant;

use crate::bounds::record;
use crate::import::hash;
use crate::mac::{Mac, together};
use crate::server::Server;

const MACS: usize = 16;
const BATCHES: usize = 100;
const BATCH: usize = 50;

pub(crate) fn report() {
    println!("## Events\n");
    println!(
        "{MACS} Macs upload {BATCHES} batches of {BATCH} events each. Each event is about another \
        file."
    );
    println!(
        "SQLite, durable. Each event is counted for its program and its sighting. At first, each \
        is a"
    );
    println!(
        "new sighting. Then the Macs report the same files again. Bound: 20,000 events per second"
    );
    println!("of the server's CPU.\n");
    println!("| | events | wall | server CPU | events per second of CPU |\n|---|---|---|---|---|");
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    let server = Server::start(home.path(), &database);
    let mut macs: Vec<Mac> = (0..MACS).map(|at| Mac::connect(server.address, at)).collect();
    together(&mut macs, |mac| mac.upload(&batch(BATCHES, 0)));
    for (round, what) in ["new sightings", "reported again"].into_iter().enumerate() {
        let batches: Vec<String> = (0..BATCHES).map(|number| batch(number, round)).collect();
        let (start, before) = (Instant::now(), server.cpu());
        together(&mut macs, |mac| batches.iter().for_each(|batch| mac.upload(batch)));
        let (wall, cpu) = (start.elapsed(), server.cpu() - before);
        let events = MACS * BATCHES * BATCH;
        #[expect(clippy::cast_precision_loss, reason = "it is a rate")]
        let rate = events as f64 / cpu.as_secs_f64();
        println!("| {what} | {events} | {} | {} | {rate:.0} |", crate::ms(wall), crate::ms(cpu));
        let bound = format!("events, {what}: 20,000 per second of CPU");
        record(bound, format!("{rate:.0}"), rate >= 20_000.0);
    }
    println!();
}

/// A batch of events. Each round reports the same programs with different process IDs.
fn batch(number: usize, round: usize) -> String {
    let mut events = String::from(r#"{"events":["#);
    for place in 0..BATCH {
        let file = (number * BATCH + place) as u64;
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(
            events,
            r#"{comma}{{"file_sha256":"{}","file_path":"/Applications/Tool {file}.app/Contents/MacOS","file_name":"Tool {file}","executing_user":"anna","execution_time":{}.25,"decision":"BLOCK_UNKNOWN","pid":{},"ppid":1,"parent_name":"launchd","team_id":"ABCDE12345","signing_id":"ABCDE12345:com.example.tool{file}","cdhash":"{}","signing_chain":[{{"sha256":"{}","cn":"Developer ID Application: Example (ABCDE12345)","org":"Example","ou":"ABCDE12345","valid_from":1600000000,"valid_until":1900000000}}]}}"#,
            hash(file),
            1_790_000_000 + file,
            1000 + file + 100_000 * round as u64,
            &hash(file + 7)[..40],
            hash(1),
        );
    }
    events + "]}"
}

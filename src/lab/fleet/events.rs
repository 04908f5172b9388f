//! The events of hosts: executions of invented programs. Some programs are much more frequent than
//! others.

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::identity::Identity;
use super::plan::{Draw, Random};
use crate::protocol::{Certificate, ClientMode, Decision, Event, SigningStatus};

const PROGRAMS: f64 = 5000.0;

const PROGRAMS_A_TEAM: u32 = 20;

/// The flags of a signed, valid and hardened program (CS_VALID, CS_HARD, CS_KILL, CS_RUNTIME).
const HARDENED: u32 = 0x0001_0301;

pub(super) fn made_up(
    random: Random,
    (host, turn): (u32, u32),
    count: u32,
    (identity, mode): (&Identity, ClientMode),
    now: f64,
) -> Vec<Event> {
    let user = identity.user();
    let one = |n: u32| {
        // The third power makes the first programs frequent and the last programs rare.
        let share = random.share(Draw::Program, host, turn.wrapping_mul(1 << 16).wrapping_add(n));
        let program = (PROGRAMS * share.powi(3)) as u32;
        let decision = match mode {
            ClientMode::Lockdown => Decision::BlockUnknown,
            ClientMode::Monitor | ClientMode::Standalone => Decision::AllowUnknown,
        };
        Event {
            executing_user: user.to_owned(),
            logged_in_users: vec![user.to_owned()],
            current_sessions: vec![format!("{user}@console")],
            execution_time: now + f64::from(n) / 1000.0,
            decision: decision.into(),
            pid: 400 + n as i32,
            ppid: 1,
            parent_name: "launchd".to_owned(),
            ..execution(program)
        }
    };
    (0..count).map(one).collect()
}

/// An execution of a program, with only the fields that are equal on all hosts.
fn execution(program: u32) -> Event {
    let team = program / PROGRAMS_A_TEAM;
    let team_id = format!("FLEET{team:05}");
    let (name, vendor) = (format!("Program {program}"), format!("Vendor {team}"));
    let leaf = Certificate {
        sha256: digits("leaf", team),
        cn: format!("Developer ID Application: {vendor} ({team_id})"),
        org: vendor,
        ou: team_id.clone(),
        valid_from: 1_700_000_000,
        valid_until: 1_858_000_000,
    };
    Event {
        file_sha256: digits("file", program),
        file_path: format!("/Applications/{name}.app/Contents/MacOS"),
        file_bundle_id: format!("example.vendor{team}.program{program}"),
        file_bundle_path: format!("/Applications/{name}.app"),
        file_bundle_name: name.clone(),
        file_bundle_version: "1".to_owned(),
        file_bundle_version_string: "1.0".to_owned(),
        file_name: name,
        signing_id: format!("{team_id}:example.vendor{team}.program{program}"),
        team_id,
        cdhash: digits("code", program)[..40].to_owned(),
        signing_chain: vec![leaf],
        cs_flags: HARDENED,
        signing_status: SigningStatus::Production.into(),
        ..Event::default()
    }
}

/// A made-up SHA-256 of 64 hexadecimal digits.
fn digits(what: &str, number: u32) -> String {
    let half = |seed| xxh3_128_with_seed(format!("{what} {number}").as_bytes(), seed);
    format!("{:032x}{:032x}", half(1), half(2))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_few_programs_run_nearly_everywhere() {
        let random = Random { seed: 1 };
        let mut runs: HashMap<String, u32> = HashMap::new();
        for host in 0..2000 {
            let identity = Identity::of(random, host);
            for event in made_up(random, (host, 1), 5, (&identity, ClientMode::Monitor), 1e9) {
                assert_eq!(event.executing_user, identity.user());
                *runs.entry(event.file_sha256).or_default() += 1;
            }
        }
        let most = runs.values().max().copied().unwrap();
        assert!(most > 100 && runs.len() > 1000, "{most} of {}", runs.len());
    }

    #[test]
    fn lockdown_blocks_unknown_programs() {
        let identity = Identity::of(Random { seed: 1 }, 0);
        let mode = ClientMode::Lockdown;
        let events = made_up(Random { seed: 1 }, (0, 1), 1, (&identity, mode), 1e9);
        assert_eq!(events[0].decision, Decision::BlockUnknown.into());
        assert_eq!((events[0].file_sha256.len(), events[0].cdhash.len()), (64, 40));
    }
}

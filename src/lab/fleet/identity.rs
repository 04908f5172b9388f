//! The identity of a host, which is computed from the host's number and the seed, and not stored.

use super::plan::Random;

pub(super) const MACHINE_ID: usize = 36;
pub(super) const SERIAL: usize = 12;
pub(super) const HOSTNAME: usize = 18;
pub(super) const USER: usize = 12;

/// Maximum hosts of a fleet. A host's name contains the host's number, which has eight digits.
pub const MOST_HOSTS: u32 = 90_000_000;

/// The names of a host. Each name has the same length on all hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) machine_id: [u8; MACHINE_ID],
    pub(super) serial: [u8; SERIAL],
    pub(super) hostname: [u8; HOSTNAME],
    pub(super) user: [u8; USER],
}

impl Identity {
    /// Placeholders for the names of a host. No host has these names.
    pub(super) const BLANK: Self = Self {
        machine_id: *b"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        serial: *b"BLANKBLANK00",
        hostname: *b"lab-BLANKBLA.local",
        user: *b"userBLANKBLA",
    };

    pub(super) fn of(random: Random, host: u32) -> Self {
        let number = random.identity(host);
        Self {
            machine_id: machine_id(number),
            serial: serial(number),
            hostname: numbered(b"lab-########.local", host),
            user: numbered(b"user########", host),
        }
    }

    pub(super) fn names(&self) -> [&[u8]; 4] {
        [&self.machine_id, &self.serial, &self.hostname, &self.user]
    }

    pub(super) fn machine_id(&self) -> &str {
        text(&self.machine_id)
    }

    pub(super) fn serial(&self) -> &str {
        text(&self.serial)
    }

    pub(super) fn hostname(&self) -> &str {
        text(&self.hostname)
    }

    pub(super) fn user(&self) -> &str {
        text(&self.user)
    }
}

fn text(bytes: &[u8]) -> &str {
    // All bytes are ASCII.
    str::from_utf8(bytes).unwrap_or_default()
}

/// A UUID that is computed from the number, in upper case like the IDs of Macs.
fn machine_id(number: u128) -> [u8; MACHINE_ID] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut id = *b"########-####-4###-8###-############";
    for (at, letter) in id.iter_mut().enumerate() {
        if *letter == b'#' {
            *letter = DIGITS[(number >> (3 * at)) as usize & 15];
        }
    }
    id
}

fn serial(number: u128) -> [u8; SERIAL] {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTUVWX";
    let mut serial = [b'L'; SERIAL];
    for (at, letter) in serial.iter_mut().enumerate().skip(1) {
        *letter = LETTERS[(number >> (5 * at)) as usize & 31];
    }
    serial
}

/// Replaces each `#` in the pattern with a digit of the host's number, which is counted from 1.
fn numbered<const N: usize>(pattern: &[u8; N], host: u32) -> [u8; N] {
    let mut name = *pattern;
    let mut left = host + 1;
    for letter in name.iter_mut().rev().filter(|letter| **letter == b'#') {
        *letter = b'0' + (left % 10) as u8;
        left /= 10;
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_host_has_the_same_names_in_every_run_with_the_same_seed() {
        let one = Identity::of(Random { seed: 1 }, 41);
        assert_eq!(one, Identity::of(Random { seed: 1 }, 41));
        assert_eq!((one.hostname(), one.user()), ("lab-00000042.local", "user00000042"));
        let parts: Vec<usize> = one.machine_id().split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(one.serial().bytes().all(|letter| letter.is_ascii_alphanumeric()));
        let other = Identity::of(Random { seed: 2 }, 41);
        assert_ne!((one.machine_id(), one.serial()), (other.machine_id(), other.serial()));
    }

    #[test]
    fn no_two_hosts_have_the_same_names() {
        let random = Random { seed: 3 };
        let all: Vec<Identity> = (0..100_000).map(|host| Identity::of(random, host)).collect();
        let differ = |name: fn(&Identity) -> &str| all.iter().map(name).collect::<HashSet<_>>();
        assert_eq!(differ(Identity::machine_id).len(), all.len());
        assert_eq!(differ(Identity::serial).len(), all.len());
        assert_eq!(differ(Identity::hostname).len(), all.len());
    }
}

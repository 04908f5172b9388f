//! Bundles (applications with several programs), and whether hosts reported all programs of a
//! bundle.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::rule::MachineId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleMembers {
    Missing {
        /// The number of distinct programs that were reported.
        held: u32,
    },
    /// The number of reported programs is high enough, but their hash differs from the bundle's.
    Odd {
        /// The number of distinct programs that were reported.
        held: u32,
    },
    /// All programs were reported: their SHA-256s, sorted.
    All(Vec<String>),
}

impl BundleMembers {
    /// Compares reports with a bundle's hash and number of programs. The hash of a bundle is
    /// computed from the hashes of its programs (SNTBundleService.mm), so no host can add a program
    /// to the bundle. If the reports of all hosts together do not match, the reports of each host
    /// are compared separately, so that a false report from one host cannot hide the complete
    /// reports of another host.
    pub fn compare(hash: &str, count: u32, reports: &[(MachineId, String)]) -> Self {
        let together: BTreeSet<&str> = reports.iter().map(|(_, sha256)| sha256.as_str()).collect();
        let mut by_host: BTreeMap<&MachineId, BTreeSet<&str>> = BTreeMap::new();
        for (machine, sha256) in reports {
            by_host.entry(machine).or_default().insert(sha256);
        }
        let held = u32::try_from(together.len()).unwrap_or(u32::MAX);
        let mut sets = std::iter::once(together).chain(by_host.into_values());
        match sets.find(|members| digest(members) == hash) {
            Some(members) => Self::All(members.into_iter().map(str::to_owned).collect()),
            None if held < count => Self::Missing { held },
            None => Self::Odd { held },
        }
    }

    pub fn held(&self) -> u32 {
        match self {
            Self::Missing { held } | Self::Odd { held } => *held,
            Self::All(members) => u32::try_from(members.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Santa's hash of a bundle: the SHA-256 of the sorted, concatenated SHA-256s (hex) of its
/// programs.
fn digest(members: &BTreeSet<&str>) -> String {
    let mut hasher = Sha256::new();
    for member in members {
        hasher.update(member.as_bytes());
    }
    HEXLOWER.encode(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of a real bundle, from the output of `santactl bundleinfo` in Santa's
    /// documentation.
    const HASH: &str = "b475667ab1ab6eddea48bfc2bed76fcef89b8f85ed456c8068351292f7cb4806";
    const MEMBERS: [&str; 9] = [
        "be3aa404ee79c2af863132b93b0eedfdbc34c6e35d4fda2ade6dd637692ead84",
        "3b2582fd5e7652b653276b3980c248dc973e8082e9d0678c96a08d7d1a8366ba",
        "f1bf3be05d511d7c7f651cf7b130d4977f8d28d0bfcd7c5de4144b95eaab7ad7",
        "b59bc8548c91088a40d9023abb5d22fa8731b4aa17693fcb5b98c795607d219a",
        "08cb407f541d867f1a63dc3ae44eeedd5181ca06c61df6ef62b5dc7192951a4b",
        "b965ae7be992d1ce818262752d0cf44297a88324a593c67278d78ca4d16fcc39",
        "59668dc27314f0f6f5daa5f02b564c176f64836c88e2dfe166e90548f47336f1",
        "7ce324f919b14e14d327004b09f83ca81345fd4438c87ead4b699f89e9485595",
        "6b47f551565d886388eeec5e876b6de9cdd71ef36d43b0762e6ebf02bdd8515d",
    ];

    fn from(host: &str, members: &[&str]) -> Vec<(MachineId, String)> {
        let machine: MachineId = host.parse().unwrap();
        members.iter().map(|member| (machine.clone(), (*member).to_owned())).collect()
    }

    #[test]
    fn the_members_of_a_real_bundle_make_up_its_hash() {
        let mut sorted = MEMBERS.map(str::to_owned).to_vec();
        sorted.sort();
        let one = from("M1", &MEMBERS);
        assert_eq!(BundleMembers::compare(HASH, 9, &one), BundleMembers::All(sorted.clone()));
        let halves = [from("M1", &MEMBERS[..5]), from("M2", &MEMBERS[3..])].concat();
        assert_eq!(BundleMembers::compare(HASH, 9, &halves), BundleMembers::All(sorted));
        assert_eq!(BundleMembers::compare(HASH, 9, &one[1..]), BundleMembers::Missing { held: 8 });
        assert_eq!(BundleMembers::compare(HASH, 9, &[]), BundleMembers::Missing { held: 0 });
    }

    #[test]
    fn a_lying_host_neither_slips_a_program_in_nor_spoils_the_bundle() {
        let lie = "ee".repeat(32);
        let liar = from("M2", &[&[lie.as_str()], &MEMBERS[1..]].concat());
        assert_eq!(BundleMembers::compare(HASH, 9, &liar), BundleMembers::Odd { held: 9 });
        let both = [liar, from("M1", &MEMBERS)].concat();
        let BundleMembers::All(members) = BundleMembers::compare(HASH, 9, &both) else {
            panic!("the honest host's members are all there");
        };
        assert_eq!(members.len(), 9);
        assert!(!members.contains(&lie));
    }
}

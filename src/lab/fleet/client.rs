//! The versions of Santa in a fleet, with the data that all hosts of a version share.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::error::FleetError;
use super::identity::Identity;
use super::plan::{Draw, Random};
use crate::lab::client::generation::Version;
use crate::lab::{Generation, Profile};
use crate::protocol::{ContentEncoding, Format};

const MOST_CLIENTS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub generation: Generation,
    /// Relative to the weights of the other shares.
    pub weight: u32,
}

/// The data that all hosts of one version share.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) version: Version,
    pub(super) format: Format,
    pub(super) encoding: ContentEncoding,
    /// The profile of a host, with placeholders for its names.
    pub(super) profile: Profile,
    with_body: HeaderMap,
    without_body: HeaderMap,
}

impl Client {
    pub(super) fn new(
        generation: Generation,
        like: &Profile,
        names: &Identity,
    ) -> Result<Self, FleetError> {
        let Generation::Santa(version) = generation else {
            return Err(FleetError::NoFleetOf(generation));
        };
        let profile = Profile {
            machine_id: names.machine_id().to_owned(),
            serial: names.serial().to_owned(),
            hostname: names.hostname().to_owned(),
            primary_user: names.user().to_owned(),
            generation,
            santa_version: generation.says(),
            ..like.clone()
        };
        profile.check()?;
        Ok(Self {
            version,
            format: profile.format(version),
            encoding: profile.encoding(version),
            with_body: headers(&profile, version, true)?,
            without_body: headers(&profile, version, false)?,
            profile,
        })
    }

    pub(super) fn headers(&self, has_body: bool) -> HeaderMap {
        if has_body { self.with_body.clone() } else { self.without_body.clone() }
    }

    pub(super) fn profile_of(&self, identity: &Identity) -> Profile {
        Profile { machine_id: identity.machine_id().to_owned(), ..self.profile.clone() }
    }
}

fn headers(profile: &Profile, version: Version, has_body: bool) -> Result<HeaderMap, FleetError> {
    let unfit = |name: &str| FleetError::Header(name.to_owned());
    let pairs = profile.headers(version, has_body).into_iter();
    let pairs = pairs.map(|(name, value)| {
        let header = HeaderName::try_from(&name).map_err(|_| unfit(&name))?;
        Ok((header, HeaderValue::try_from(value).map_err(|_| unfit(&name))?))
    });
    pairs.collect()
}

#[derive(Debug)]
pub(super) struct Clients {
    clients: Vec<Client>,
    /// For each client, the sum of its weight and the weights of all clients before it.
    bounds: Vec<u64>,
}

impl Clients {
    pub(super) fn new(shares: &[Share], like: &Profile) -> Result<Self, FleetError> {
        let total: u64 = shares.iter().map(|share| u64::from(share.weight)).sum();
        if total == 0 || shares.len() > MOST_CLIENTS {
            return Err(FleetError::Shares { most: MOST_CLIENTS });
        }
        let client = |share: &Share| Client::new(share.generation, like, &Identity::BLANK);
        let clients = shares.iter().map(client);
        let clients = clients.collect::<Result<_, _>>()?;
        let bounds = shares.iter().scan(0, |sum, share| {
            *sum += u64::from(share.weight);
            Some(*sum)
        });
        Ok(Self { clients, bounds: bounds.collect() })
    }

    pub(super) fn of(&self, random: Random, host: u32) -> u8 {
        let total = self.bounds.last().copied().unwrap_or(1);
        let thrown = random.number(Draw::Client, host, 0) % total;
        self.bounds.partition_point(|bound| *bound <= thrown) as u8
    }

    pub(super) fn get(&self, client: u8) -> &Client {
        &self.clients[usize::from(client)]
    }

    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(generation: &str, weight: u32) -> Share {
        Share { generation: generation.parse().unwrap(), weight }
    }

    #[test]
    fn shares_decide_the_generations_of_a_fleet() {
        let shares = [share("2026.7", 80), share("2025.1", 0), share("2024.5", 20)];
        let clients = Clients::new(&shares, &Profile::default()).unwrap();
        let random = Random { seed: 1 };
        let mut counts = [0; 3];
        for host in 0..10_000 {
            counts[usize::from(clients.of(random, host))] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((7_800..8_200).contains(&counts[0]), "{counts:?}");
        assert_eq!(clients.get(2).profile.santa_version, "2024.5");
    }

    #[test]
    fn invalid_fleets_are_refused() {
        let error = |shares: &[Share], profile: &Profile| {
            Clients::new(shares, profile).unwrap_err().to_string()
        };
        let plain = Profile::default();
        assert!(error(&[share("pedro", 1)], &plain).contains("pedro"));
        assert!(error(&[share("2026.7", 0)], &plain).contains("share"));
        let protobuf = Profile { wire: Format::Protobuf, ..Profile::default() };
        assert!(error(&[share("2026.7", 1), share("2024.5", 1)], &protobuf).contains("only JSON"));
    }
}

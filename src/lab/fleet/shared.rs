//! The data that all hosts of a run share.

use std::cell::{RefCell, RefMut};
use std::mem;
use std::rc::Rc;
use std::time::Instant;

use super::client::Clients;
use super::connection::Address;
use super::host::Host;
use super::measure::Measures;
use super::messages::MessageCache;
use super::options::FleetOptions;
use super::plan::Random;
use super::responses::ResponseCache;
use super::rule_tables::{RuleTables, TableId};

pub(super) struct Shared {
    pub(super) address: Rc<Address>,
    pub(super) clients: Clients,
    pub(super) random: Random,
    pub(super) options: FleetOptions,
    /// The start of the fleet, as an instant and in seconds since 1970.
    start: (Instant, f64),
    state: RefCell<State>,
}

/// The data that change during a run. This struct is never borrowed across an `await`.
pub(super) struct State {
    /// The hosts of the fleet, then one reference host for each client.
    hosts: Vec<Host>,
    pub(super) tables: RuleTables,
    pub(super) pages: ResponseCache,
    pub(super) messages: MessageCache,
    pub(super) measures: Measures,
    pub(super) in_progress: u32,
}

impl Shared {
    pub(super) fn new(options: &FleetOptions, clients: Clients, address: Address) -> Self {
        let random = Random { seed: options.seed };
        let fleet = (0..options.hosts).map(|host| Host::new(clients.of(random, host)));
        let fresh = (0..clients.len()).map(|client| Host::new(client as u8));
        // The capacity is exact, so that no memory is wasted.
        let mut hosts = Vec::with_capacity(fleet.len() + fresh.len());
        hosts.extend(fleet.chain(fresh));
        let mut tables = RuleTables::new();
        tables.hold(TableId::EMPTY, hosts.len() as u32);
        Self {
            address: Rc::new(address),
            clients,
            random,
            start: (Instant::now(), options.now),
            options: options.clone(),
            state: RefCell::new(State {
                hosts,
                tables,
                pages: ResponseCache::default(),
                messages: MessageCache::new(),
                measures: Measures::new(),
                in_progress: 0,
            }),
        }
    }

    pub(super) fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// The current time, in seconds since 1970, computed from the start.
    pub(super) fn now(&self) -> f64 {
        let (start, seconds) = self.start;
        seconds + start.elapsed().as_secs_f64()
    }

    /// The number of the reference host for a client.
    pub(super) fn fresh(&self, client: u8) -> u32 {
        let hosts = self.state().hosts.len();
        (hosts - self.clients.len()) as u32 + u32::from(client)
    }

    pub(super) fn measured(&self) -> Measures {
        mem::replace(&mut self.state().measures, Measures::new())
    }
}

impl State {
    pub(super) fn host(&mut self, number: u32) -> &mut Host {
        &mut self.hosts[number as usize]
    }

    pub(super) fn fleet(&self, clients: &Clients) -> &[Host] {
        &self.hosts[..self.hosts.len() - clients.len()]
    }
}

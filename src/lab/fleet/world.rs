//! What all hosts of a run share.

use std::cell::{RefCell, RefMut};
use std::mem;
use std::rc::Rc;
use std::time::Instant;

use super::FleetOptions;
use super::client::Clients;
use super::host::Host;
use super::letter::Letters;
use super::measure::Measures;
use super::pages::Pages;
use super::plan::Dice;
use super::shelf::{Shelf, TableId};
use super::wire::Address;

/// A fleet and its server.
pub(super) struct World {
    pub(super) address: Rc<Address>,
    pub(super) clients: Clients,
    pub(super) dice: Dice,
    /// The share of syncs that are to be clean ones.
    pub(super) clean: f64,
    /// How many events a sync reports on average.
    pub(super) events: f64,
    /// How many go into a request where the server does not say.
    pub(super) batch: u32,
    pub(super) keep_alive: bool,
    pub(super) connections: usize,
    /// When the run began, on this machine's clock and in seconds since 1970.
    start: (Instant, f64),
    state: RefCell<State>,
}

/// What changes. Nobody keeps hold of it while waiting for something.
pub(super) struct State {
    /// The fleet, and behind it for each client a host that is only there to be compared with.
    hosts: Vec<Host>,
    pub(super) shelf: Shelf,
    pub(super) pages: Pages,
    pub(super) letters: Letters,
    pub(super) measures: Measures,
    /// How many syncs are not over.
    pub(super) under_way: u32,
}

impl World {
    pub(super) fn new(options: &FleetOptions, clients: Clients, address: Address) -> Self {
        let dice = Dice { seed: options.seed };
        let fleet = (0..options.hosts).map(|host| Host::new(clients.of(dice, host)));
        let fresh = (0..clients.len()).map(|client| Host::new(client as u8));
        // Both iterators know how long they are, so that not a byte more is taken.
        let mut hosts = Vec::with_capacity(fleet.len() + fresh.len());
        hosts.extend(fleet.chain(fresh));
        let mut shelf = Shelf::new();
        shelf.hold(TableId::EMPTY, hosts.len() as u32);
        Self {
            address: Rc::new(address),
            clients,
            dice,
            clean: options.clean,
            events: options.events,
            batch: options.batch,
            keep_alive: options.keep_alive,
            connections: options.connections,
            start: (Instant::now(), options.now),
            state: RefCell::new(State {
                hosts,
                shelf,
                pages: Pages::default(),
                letters: Letters::new(),
                measures: Measures::new(),
                under_way: 0,
            }),
        }
    }

    pub(super) fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> f64 {
        let (start, seconds) = self.start;
        seconds + start.elapsed().as_secs_f64()
    }

    /// The number of the host that is only there to be compared with those of a client.
    pub(super) fn fresh(&self, client: u8) -> u32 {
        let hosts = self.state().hosts.len();
        (hosts - self.clients.len()) as u32 + u32::from(client)
    }

    /// Begins to measure anew, and gives what was measured.
    pub(super) fn measured(&self) -> Measures {
        mem::replace(&mut self.state().measures, Measures::new())
    }
}

impl State {
    pub(super) fn host(&mut self, number: u32) -> &mut Host {
        &mut self.hosts[number as usize]
    }

    /// The fleet, without those that are only there to be compared with.
    pub(super) fn fleet(&self, clients: &Clients) -> &[Host] {
        &self.hosts[..self.hosts.len() - clients.len()]
    }
}

//! The most important invariant: after any interleaving of changes, losses, restarts and clean
//! syncs, a client of any generation whose last sync completed has exactly the rules that are
//! active for it. If a client hashes its rules, the server expects the same hash. In a normal sync,
//! the server sends Santa only the changes that Santa may lack. The server may send all rules
//! instead if the order of the rules on the client may be unknown.
//!
//! A reference model computes the active rules a second time. `PROPTEST_CASES=100000` plays
//! 100,000 histories of each kind. A failure shrinks to a short history. By default,
//! fewer histories are played on PostgreSQL, because each history needs a new database there.

mod administrator;
mod history;
mod offers;
mod reference;
mod restored;
mod served;
mod story;

use proptest::prelude::*;

use self::story::Stage;

/// The default number of histories of each of the two main kinds. The other kinds have fewer
/// histories.
const HISTORIES: u32 = 1000;

/// Proptest reads `PROPTEST_CASES`. Numbers up to [`HISTORIES`] are ignored.
fn config(usual: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if asked.cases > HISTORIES { asked.cases } else { usual };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config(HISTORIES))]

    #[test]
    fn hosts_of_every_generation_have_their_active_rules(
        history in history::of_every_generation(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES))]

    #[test]
    fn hosts_that_hash_their_rules_report_the_expected_hash(
        history in history::of_clients_that_prove(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 2))]

    #[test]
    fn l9_hosts_have_their_active_rules_two_syncs_after_a_restore(
        history in history::of_a_database_that_is_restored(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 5))]

    #[test]
    fn a_host_that_is_retagged_between_lost_syncs_has_its_active_rules(
        history in history::of_one_that_is_retagged(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 100))]

    #[test]
    fn hosts_have_their_active_rules_on_postgres(
        history in history::of_every_generation(),
    ) {
        story::play(&history, Stage::Postgres(1, 0));
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 25))]

    #[test]
    fn hosts_have_their_active_rules_with_two_servers(
        history in prop_oneof![history::of_every_generation(), history::of_clients_that_prove()],
        turns in any::<u64>(),
    ) {
        story::play(&history, Stage::Postgres(2, turns));
    }
}

//! The invariant that matters most: after any interleaving of changes, losses, restarts and
//! clean syncs, a client of any generation whose last sync completed holds exactly what is in
//! force for it, byte for byte, and where it hashes its rules the server expects that hash. On the
//! way there it is sent what it may lack, and nothing else.
//!
//! What is in force is worked out a second time, on paper. `PROPTEST_CASES=100000` plays more
//! histories than the usual two thousand; a failure shrinks to a story that can be read. Fewer
//! are played on PostgreSQL, where each has a database made for it.

mod administrator;
mod history;
mod offers;
mod paper;
mod restored;
mod served;
mod story;

use proptest::prelude::*;

use self::story::Stage;

/// How many histories of each kind are played: half of all, so that both cores have some.
const HISTORIES: u32 = 1000;

/// `PROPTEST_CASES` is read by the library; only more than usual is heeded.
fn config(usual: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if asked.cases > HISTORIES { asked.cases } else { usual };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config(HISTORIES))]

    #[test]
    fn clients_of_every_generation_hold_what_is_in_force(
        history in history::of_every_generation(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES))]

    #[test]
    fn clients_that_hash_their_rules_prove_that_they_hold_them(
        history in history::of_clients_that_prove(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 2))]

    #[test]
    fn l9_clients_hold_what_is_in_force_two_syncs_after_a_restore(
        history in history::of_a_database_that_is_restored(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 5))]

    #[test]
    fn a_client_that_is_retagged_while_nobody_hears_of_it_holds_what_is_in_force(
        history in history::of_one_that_is_retagged(),
    ) {
        story::play(&history, Stage::Sqlite);
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 100))]

    #[test]
    fn clients_hold_what_is_in_force_on_postgres(
        history in history::of_every_generation(),
    ) {
        story::play(&history, Stage::Postgres(1, 0));
    }
}

proptest! {
    #![proptest_config(config(HISTORIES / 25))]

    #[test]
    fn clients_hold_what_is_in_force_whichever_of_two_servers_answers(
        history in prop_oneof![history::of_every_generation(), history::of_clients_that_prove()],
        turns in any::<u64>(),
    ) {
        story::play(&history, Stage::Postgres(2, turns));
    }
}

//! The contract of `Store`: behavior that every kind of database must have, and behavior that
//! only one kind has.

#[expect(dead_code, reason = "the tests of the binary restore backups")]
#[path = "../postgres/mod.rs"]
mod cluster;
mod contract;
mod maintenance;
mod postgres_hangs;
mod postgres_reading;
mod postgres_server;
mod sightings_model;
mod sqlite_file;

macro_rules! contract {
    ($($area:ident { $($name:ident),+ $(,)? })+) => {
        mod sqlite {
            $(mod $area {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let file = crate::sqlite_file::File::new();
                        crate::contract::$area::$name(file.open().await).await;
                    }
                )+
            })+
        }

        mod postgres {
            $(mod $area {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let database = crate::cluster::Database::new().await;
                        crate::contract::$area::$name(database.open().await).await;
                        database.drop().await;
                    }
                )+
            })+
        }
    };
}

contract! {
    policy {
        a_new_store_is_empty,
        a_change_is_a_revision_with_its_author,
        outcomes_stand_in_the_order_of_the_edits,
        a_change_is_all_or_nothing,
        what_is_so_already_makes_no_revision,
        every_field_of_a_rule_counts,
        a_change_planned_on_another_revision_is_refused,
        a_dry_run_reports_and_changes_nothing,
        the_last_edit_of_a_key_wins,
        edits_that_cancel_each_other_make_no_revision,
        a_dropped_rule_can_be_put_again,
        large_changes_mix_all_outcomes,
        concurrent_changes_make_one_revision_each,
        of_two_changes_planned_alike_one_wins,
        settings_stand_by_scope,
        expiry_is_one_revision,
        l13_the_newest_time_of_a_database_is_known,
        s7_rules_that_have_expired_read_as_ended_without_a_write,
    }
    merge {
        m3_absent_fields_keep_what_the_current_rule_has,
        m3_another_policy_starts_without_the_old_fields,
        m3_edits_of_one_rule_keep_what_earlier_ones_set,
        m3_a_large_change_is_stored_and_reported_rule_by_rule,
        m3_changes_at_the_same_time_lose_no_field,
        m3_an_expiry_that_is_nearly_the_same_stays,
    }
    tags {
        tags_are_made_changed_and_dropped,
        unknown_tags_are_refused,
        unknown_hosts_cannot_be_tagged,
        a_tag_in_use_stays,
        a_membership_is_part_of_the_tag_in_time,
        members_are_found_as_those_who_were_given_the_tag,
        force_takes_a_tag_from_all_that_use_it,
        a_tag_made_earlier_in_the_change_counts,
        tagging_is_a_revision_and_a_new_version_of_the_host,
    }
    rules {
        rules_are_listed_by_target_and_scope,
        filters_all_have_to_hold,
        rules_are_listed_by_the_time_when_they_expire,
        text_is_found_as_it_is_written,
        pages_neither_skip_nor_repeat,
        pages_hold_while_rules_change,
    }
    history {
        every_revision_can_be_read_as_it_was,
        filters_hold_for_the_past_too,
        what_each_revision_did_leads_from_one_to_the_next,
        revisions_are_listed_newest_first,
        revisions_are_found_by_what_they_touched,
        a_target_is_followed_through_time,
        an_expiry_is_a_revision_with_counts,
        thousands_of_past_rules_are_paged,
    }
    retention {
        s8_old_history_is_deleted_in_batches,
        s8_the_first_kept_revision_never_goes_back,
        s8_a_revision_is_found_by_its_time,
    }
    ledger {
        a_follower_sees_what_was_made_and_ended,
        pages_of_the_ledger_join,
        what_one_change_makes_and_ends_is_not_kept,
        thousands_of_ends_are_all_seen,
        scopes_keep_their_ids,
        the_ledger_is_the_history,
    }
    hosts {
        a_host_comes_back_as_it_was_saved,
        b1_a_huge_host_is_read_shortened,
        b1_a_list_of_large_hosts_ends_early,
        versions_are_counted_scope_by_scope,
        l11_serial_numbers_of_several_hosts_are_found,
        a_stale_version_saves_nothing,
        of_two_savers_one_wins,
        tags_are_not_saved_with_the_host,
        l4_events_of_a_forgotten_host_stay_unless_they_are_deleted,
        s6_hosts_do_not_wait_while_many_events_of_one_are_deleted,
        a_version_from_before_forgetting_saves_nothing,
        hosts_are_listed_in_pages,
        host_filters_all_have_to_hold,
        scope_sets_are_interned_once,
        a_scope_set_that_many_want_has_one_id,
    }
    host_groups {
        hosts_with_the_same_state_are_one_group,
        hosts_are_counted_by_group_and_time,
    }
    events {
        an_event_comes_back_as_it_was_added,
        b1_a_huge_event_is_read_shortened,
        b1_a_list_of_large_events_ends_early,
        a_repeated_event_is_kept_once,
        new_events_are_counted_and_not_kept,
        events_are_listed_from_both_ends,
        event_filters_all_have_to_hold,
        programs_are_counted_with_their_newest_report,
        file_accesses_are_counted_by_rule,
        a_report_learns_its_bundle_later,
        members_of_bundles_are_counted_over_all_hosts,
        the_oldest_events_go_a_few_at_a_time,
    }
    programs {
        a_sighting_counts_the_reports_of_a_host,
        other_identifiers_are_another_program,
        an_import_counts_at_its_own_time,
        a_sighting_has_a_few_users_and_paths,
        a_host_may_add_a_limited_number_of_programs,
        program_filters_all_have_to_hold,
        a_part_of_a_list_examines_some_hosts_of_a_common_program,
        undecided_sightings_are_listed_newest_first,
    }
    people {
        a_name_is_replaced_everywhere_and_only_there,
        an_interrupted_replacement_is_completed_later,
        a_person_who_came_back_is_forgotten_again,
        what_is_in_use_keeps_the_name_and_is_listed,
    }
    tokens {
        a_store_is_installed_once,
        a_store_used_without_tokens_gets_its_first_ones_later,
        of_many_installers_one_wins,
        tokens_are_added_and_revoked,
        a4_the_name_of_a_revoked_token_is_not_given_again,
        a4_the_last_admin_token_that_works_is_kept,
    }
}

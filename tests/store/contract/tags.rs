//! Tags, and tagging hosts.

use nicelist::fleet::TagMerge;
use nicelist::rule::{Outcome, Revision};
use nicelist::store::HostFilter;

use super::*;

async fn tags_of(store: &Db, host: &str) -> Vec<TagName> {
    store.host(&machine(host)).await.unwrap().unwrap().host.tags
}

pub(crate) async fn tags_are_made_changed_and_dropped(store: Db) {
    let description = Some("goes first".to_owned());
    let described = Tag { priority: -3, description, ..Tag::new(tag("canary")) };
    commit(&store, [put_tag("eng", 1), Edit::PutTag(described.clone())]).await;
    let tags = store.snapshot().await.unwrap().tags;
    assert_eq!((&tags[0], &*tags[1].name.to_string()), (&described, "eng"));
    let plain = Tag { description: None, ..described };
    let edits = [put_tag("eng", 2), Edit::PutTag(plain), drop_tag("canary", false)];
    let committed = commit(&store, edits).await;
    assert_eq!(committed.outcomes, [Outcome::Changed, Outcome::Changed, Outcome::Removed]);
    let tags = store.snapshot().await.unwrap().tags;
    assert_eq!((tags.len(), tags[0].priority), (1, 2));
    assert_eq!(commit(&store, [put_tag("canary", 0)]).await.outcomes, [Outcome::Added]);
    let merge = |priority, description: Option<&str>| {
        let description = description.map(str::to_owned);
        Edit::MergeTag(TagMerge { name: tag("eng"), priority, description, membership: None })
    };
    let committed = commit(&store, [merge(None, Some("staff")), merge(Some(3), None)]).await;
    assert_eq!(committed.outcomes, [Outcome::Changed, Outcome::Changed]);
    let fields: Vec<_> =
        committed.differences.iter().map(|it| (it.edit, it.fields.len())).collect();
    assert_eq!(fields, [(0, 1), (1, 1)]);
    let eng = store.snapshot().await.unwrap().tags.into_iter().find(|it| it.name == tag("eng"));
    let staff = Some("staff".to_owned());
    assert_eq!(eng, Some(Tag { priority: 3, description: staff, ..Tag::new(tag("eng")) }));
    assert!(!commit(&store, [merge(None, None)]).await.changed);
}

pub(crate) async fn unknown_tags_are_refused(store: Db) {
    new_host(&store, "M1").await;
    commit(&store, [put_tag("old", 1)]).await;
    let edits = [
        put(rule(1, "tag:x", "")),
        set("tag:x", "batch-size", "60"),
        tag_host("M1", "x"),
        drop_tag("old", false),
        put(rule(1, "tag:old", "")),
    ];
    let places: Vec<usize> =
        refusals(store.commit(change(edits)).await).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, [0, 1, 2, 4]);
    // Removing something absent succeeds, because a script may run twice.
    let gone = [drop_rule(1, "tag:x"), unset("tag:x", "batch-size"), untag_host("M1", "x")];
    assert!(!commit(&store, gone).await.changed);
    // The scope of a rule may be an unknown host, user or group.
    let unseen = ["host:M9", "user:nobody", "group:none"].map(|scope| put(rule(1, scope, "")));
    assert!(commit(&store, unseen).await.changed);
}

pub(crate) async fn unknown_hosts_cannot_be_tagged(store: Db) {
    commit(&store, [put_tag("eng", 1)]).await;
    let edits = [tag_host("M1", "eng"), untag_host("M2", "eng"), put(rule(1, "host:M1", ""))];
    assert_eq!(
        refusals(store.commit(change(edits)).await),
        [(0, "host `M1` not found".to_owned()), (1, "host `M2` not found".to_owned())]
    );
}

pub(crate) async fn a_tag_in_use_stays(store: Db) {
    new_host(&store, "M1").await;
    new_host(&store, "M2").await;
    commit(&store, [put_tag("eng", 1), put_tag("en", 1), put(rule(1, "tag:eng", ""))]).await;
    let edits = [
        put(rule(2, "tag:eng", "")),
        set("tag:eng", "batch-size", "60"),
        tag_host("M1", "eng"),
        tag_host("M2", "eng"),
        drop_tag("en", false),
        drop_tag("eng", false),
    ];
    assert_eq!(
        refusals(store.commit(change(edits)).await),
        [(5, "tag `eng` is in use (rules: 2, settings: 1, hosts: 2)".to_owned())]
    );
    commit(&store, [tag_host("M1", "eng")]).await;
    let tags = ["eng", "en", "none"].map(tag);
    assert_eq!(store.tagged_hosts(&tags).await.unwrap(), [1, 0, 0]);
    assert!(store.tagged_hosts(&[]).await.unwrap().is_empty());
    let edits = [drop_rule(1, "tag:eng"), drop_tag("eng", false)];
    assert_eq!(
        refusals(store.commit(change(edits)).await),
        [(1, "tag `eng` is in use (rules: 0, settings: 0, hosts: 1)".to_owned())]
    );
    let edits = [drop_rule(1, "tag:eng"), untag_host("M1", "eng"), drop_tag("eng", false)];
    assert_eq!(commit(&store, edits).await.outcomes, [Outcome::Removed; 3]);
}

pub(crate) async fn force_takes_a_tag_from_all_that_use_it(store: Db) {
    let before = new_host(&store, "M1").await;
    commit(
        &store,
        [
            put_tag("eng", 1),
            put_tag("other", 1),
            put(rule(1, "tag:eng", "")),
            put(rule(1, "tag:other", "")),
            set("tag:eng", "batch-size", "60"),
            tag_host("M1", "eng"),
            tag_host("M1", "other"),
        ],
    )
    .await;
    let version = store.host(&before.machine).await.unwrap().unwrap().version;
    let committed = commit(&store, [drop_tag("eng", true)]).await;
    assert_eq!((committed.head, &*committed.outcomes), (Revision(2), &[Outcome::Removed][..]));
    assert_eq!(active_rules(&store).await, [rule(1, "tag:other", "")]);
    assert_eq!(tags_of(&store, "M1").await, [tag("other")]);
    assert!(store.host(&before.machine).await.unwrap().unwrap().version > version);
    let snapshot = store.snapshot().await.unwrap();
    assert!(snapshot.settings.is_empty() && snapshot.tags.len() == 1);
    commit(&store, [put_tag("eng", 1)]).await;
    assert_eq!(active_rules(&store).await.len(), 1, "a new tag has none of the old one's rules");
}

pub(crate) async fn a_tag_made_earlier_in_the_change_counts(store: Db) {
    new_host(&store, "M1").await;
    let edits = [
        put_tag("eng", 1),
        put(rule(1, "tag:eng", "")),
        set("tag:eng", "batch-size", "60"),
        tag_host("M1", "eng"),
        drop_tag("eng", true),
        put_tag("eng", 5),
        put(rule(2, "tag:eng", "")),
    ];
    assert!(commit(&store, edits).await.changed);
    assert_eq!(active_rules(&store).await, [rule(2, "tag:eng", "")]);
    assert_eq!(tags_of(&store, "M1").await, []);
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!((snapshot.settings.len(), snapshot.tags[0].priority), (0, 5));
}

pub(crate) async fn tagging_is_a_revision_and_a_new_version_of_the_host(store: Db) {
    let host = new_host(&store, "M1").await;
    commit(&store, ["b", "a", "c"].map(|name| put_tag(name, 1))).await;
    let committed = commit(&store, ["c", "a", "b"].map(|name| tag_host("M1", name))).await;
    assert_eq!((committed.head, &*committed.outcomes), (Revision(2), &[Outcome::Added; 3][..]));
    assert_eq!(tags_of(&store, "M1").await, [tag("a"), tag("b"), tag("c")]);
    assert!(!store.save_host(&host, 1).await.unwrap(), "saved over a tagging it had not seen");
    let committed = commit(&store, [untag_host("M1", "b"), untag_host("M1", "b")]).await;
    assert_eq!(committed.outcomes, [Outcome::Removed, Outcome::Unchanged]);
    assert_eq!(tags_of(&store, "M1").await, [tag("a"), tag("c")]);
}

pub(crate) fn members(name: &str, json: &str) -> Tag {
    let membership = serde_json::from_str(json).unwrap();
    Tag { membership, ..Tag::new(tag(name)) }
}

pub(crate) async fn a_membership_is_part_of_the_tag_in_time(store: Db) {
    let lists =
        r#"{"serials":["C02A","C02B"],"users":["anna"],"groups":["a \"b\""],"hostnames":["x-*"]}"#;
    let first = members("eng", lists);
    commit(&store, [Edit::PutTag(first.clone())]).await;
    assert!(!commit(&store, [Edit::PutTag(first.clone())]).await.changed);
    let second = members("eng", r#"{"serials":["C02A"]}"#);
    let committed = commit(&store, [Edit::PutTag(second.clone())]).await;
    assert_eq!(committed.outcomes, [Outcome::Changed]);
    assert_eq!(store.snapshot().await.unwrap().tags, [second]);
    assert_eq!(store.snapshot_at(Revision(1)).await.unwrap().tags, [first]);
}

pub(crate) async fn members_are_found_as_those_who_were_given_the_tag(store: Db) {
    let reported = [
        ("M1", "c02a", "Lab-1.local", "anna", "staff"),
        ("M2", "C02B", "lab[2].LOCAL", "Anna", "design"),
        ("M3", "C02C", "", "", ""),
        ("M4", "", "émile-4.local", "emil", "stàff"),
    ];
    for (name, serial, hostname, user, group) in reported {
        let mut host = Host::new(machine(name), at(0));
        host.facts.serial = serial.to_owned();
        host.facts.hostname = hostname.to_owned();
        host.facts.primary_user = user.to_owned();
        host.facts.groups = vec!["all".to_owned(), group.to_owned()];
        host.facts.santa_version = "2026.7".to_owned();
        assert!(store.save_host(&host, 0).await.unwrap());
    }
    for (json, expected) in [
        ("{}", &["M3"][..]),
        (r#"{"serials":["C02A","c02b"]}"#, &["M1", "M2", "M3"]),
        (r#"{"users":["anna","Emil"]}"#, &["M1", "M3"]),
        (r#"{"groups":["design","stàff"]}"#, &["M2", "M3", "M4"]),
        (r#"{"hostnames":["LAB*"]}"#, &["M1", "M2", "M3"]),
        (r#"{"hostnames":["lab[2].local"]}"#, &["M2", "M3"]),
        (r#"{"hostnames":["*"]}"#, &["M1", "M2", "M3", "M4"]),
        (r#"{"hostnames":["?mile-?.local"]}"#, &["M3", "M4"]),
        (r#"{"serials":["C02A"],"groups":["design"]}"#, &["M1", "M2", "M3"]),
    ] {
        let found = members("some", json);
        commit(&store, [Edit::PutTag(found.clone()), tag_host("M3", "some")]).await;
        let filter = HostFilter { tag: Some(tag("some")), ..HostFilter::default() };
        let hosts = store.hosts(&filter, None, 10).await.unwrap();
        let names: Vec<&str> = hosts.iter().map(|host| host.machine.as_str()).collect();
        assert_eq!(names, expected, "{json}");
        let all = store.hosts(&HostFilter::default(), None, 10).await.unwrap();
        let having = all.iter().filter(|host| found.is_of(host));
        assert_eq!(having.map(|host| host.machine.as_str()).collect::<Vec<_>>(), expected);
        let versions = store.santa_versions(&scope("tag:some")).await.unwrap();
        assert_eq!(versions.iter().map(|(_, hosts)| hosts).sum::<u64>(), expected.len() as u64);
        let prefixed = HostFilter { prefix: Some("C02".to_owned()), ..filter };
        assert!(store.hosts(&prefixed, None, 10).await.unwrap().len() <= expected.len());
        let count = expected.len();
        assert_eq!(
            refusals(store.commit(change([drop_tag("some", false)])).await),
            [(0, format!("tag `some` is in use (rules: 0, settings: 0, hosts: {count})"))]
        );
    }
}

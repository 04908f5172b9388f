//! Tokens, and the installation that creates the first tokens.

use jiff::SignedDuration;
use nicelist::fleet::Role;
use nicelist::store::{Installation, TokenRecord};
use tokio::task::JoinSet;

use super::*;

fn token(name: &str, role: Role) -> TokenRecord {
    let hash = std::array::from_fn(|place| name.as_bytes()[place % name.len()]);
    TokenRecord { name: name.to_owned(), role, hash, created: at(1), expires: None }
}

fn installation(key: u8) -> Installation {
    let tokens = vec![token("first", Role::Admin), token("hosts", Role::Enrollment)];
    Installation { cursor_key: [key; 32], tokens }
}

pub(crate) async fn a_store_is_installed_once(store: Db) {
    assert_eq!(store.install(installation(1)).await.unwrap(), ([1; 32], true));
    assert_eq!(store.tokens().await.unwrap(), installation(1).tokens);
    assert!(store.revoke_token(&anna(), "hosts", None).await.unwrap());
    assert_eq!(store.install(installation(2)).await.unwrap(), ([1; 32], false));
    assert_eq!(store.tokens().await.unwrap(), installation(1).tokens[..1]);
}

pub(crate) async fn a_store_used_without_tokens_gets_its_first_ones_later(store: Db) {
    let without = Installation { tokens: Vec::new(), ..installation(1) };
    assert_eq!(store.install(without).await.unwrap(), ([1; 32], false));
    assert_eq!(store.install(installation(2)).await.unwrap(), ([1; 32], true));
    assert_eq!(store.tokens().await.unwrap(), installation(2).tokens);
}

pub(crate) async fn of_many_installers_one_wins(store: Db) {
    let mut installs = JoinSet::new();
    for key in 0..20 {
        let store = Arc::clone(&store);
        installs.spawn(async move { store.install(installation(key)).await.unwrap() });
    }
    let answers = installs.join_all().await;
    assert_eq!(answers.iter().filter(|(_, installed)| *installed).count(), 1);
    assert!(answers.iter().all(|(key, _)| *key == answers[0].0));
    assert_eq!(store.tokens().await.unwrap().len(), 2);
}

pub(crate) async fn tokens_are_added_and_revoked(store: Db) {
    let mut ci = token("ci", Role::Editor);
    ci.expires = Some(at(99));
    let others = [token("zoe", Role::Viewer), token("anna", Role::Helpdesk)];
    for token in [&ci, &others[0], &others[1]] {
        store.add_token(&anna(), token.clone()).await.unwrap();
    }
    let all = [others[1].clone(), ci.clone(), others[0].clone()];
    assert_eq!(store.tokens().await.unwrap(), all);
    match store.add_token(&anna(), token("ci", Role::Admin)).await {
        Err(StoreError::TokenExists(name)) => assert_eq!(name, "ci"),
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(store.tokens().await.unwrap(), all);
    assert!(store.revoke_token(&anna(), "ci", None).await.unwrap());
    assert!(!store.revoke_token(&anna(), "ci", None).await.unwrap());
    assert!(!store.revoke_token(&anna(), "nobody", None).await.unwrap());
    assert_eq!(store.tokens().await.unwrap(), [all[0].clone(), all[2].clone()]);
}

pub(crate) async fn a4_the_name_of_a_revoked_token_is_not_given_again(store: Db) {
    store.add_token(&anna(), token("ci", Role::Editor)).await.unwrap();
    assert!(store.revoke_token(&anna(), "ci", None).await.unwrap());
    match store.add_token(&anna(), token("ci", Role::Viewer)).await {
        Err(StoreError::TokenNameUsed(name)) => assert_eq!(name, "ci"),
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(store.tokens().await.unwrap(), []);
}

pub(crate) async fn a4_the_last_admin_token_that_works_is_kept(store: Db) {
    let mut temporary = token("temporary", Role::Admin);
    temporary.expires = Some(at(99));
    for token in [&token("root", Role::Admin), &temporary, &token("ci", Role::Editor)] {
        store.add_token(&anna(), token.clone()).await.unwrap();
    }
    let refused = |result| match result {
        Err(StoreError::LastAdminToken(name)) => name,
        other => panic!("not refused: {other:?}"),
    };
    assert_eq!(refused(store.revoke_token(&anna(), "root", Some(at(99))).await), "root");
    assert!(store.revoke_token(&anna(), "ci", Some(at(99))).await.unwrap());
    match store.revoke_token(&anna(), "root", Some(at(98))).await {
        Err(StoreError::LastLastingAdminToken(name)) => assert_eq!(name, "root"),
        other => panic!("not refused: {other:?}"),
    }
    let a_day_before = at(98) - SignedDuration::from_hours(24);
    assert!(store.revoke_token(&anna(), "root", Some(a_day_before)).await.unwrap());
    assert_eq!(refused(store.revoke_token(&anna(), "temporary", Some(at(98))).await), "temporary");
    assert!(!store.revoke_token(&anna(), "nobody", Some(at(98))).await.unwrap());
    assert!(store.revoke_token(&anna(), "temporary", Some(at(99))).await.unwrap(), "it expired");
    assert_eq!(store.tokens().await.unwrap(), []);
}

//! Vocabulary of rules: targets, policies, scopes, rules.

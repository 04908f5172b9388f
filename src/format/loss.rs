//! Losses: the parts of rules, settings and tags that a format cannot express.

use super::csv::{Column, field};
use super::{Content, Loss, Lost};
use crate::rule::Rule;

#[derive(Default)]
pub(super) struct Losses(pub(super) Vec<Loss>);

impl Losses {
    pub(super) fn rule(&mut self, index: usize, why: impl Into<String>) {
        self.0.push(Loss { rule: Some(index), lost: Lost::Everything(why.into()) });
    }

    /// Records the fields of a rule that are left out: all [`FIELDS`] with a value, except those in
    /// `kept`. Each entry of `kept` has nicelist's name and the format's name for a field.
    pub(super) fn fields(&mut self, index: usize, rule: &Rule, kept: &[(&str, &str)]) {
        let lost = FIELDS.into_iter().filter(|column| !field(rule, *column).is_empty());
        let lost = lost.map(Column::name).filter(|name| kept.iter().all(|(ours, _)| ours != name));
        self.0.extend(lost.map(|name| Loss { rule: Some(index), lost: Lost::Field(name) }));
    }

    pub(super) fn other(&mut self, why: String) {
        self.0.push(Loss { rule: None, lost: Lost::Everything(why) });
    }

    /// Records that all settings are left out, because the format has only rules.
    pub(super) fn settings(&mut self, content: Content<'_>) {
        for (scope, setting) in content.settings {
            let key = setting.key();
            self.other(format!("{key} for {scope}: the format supports only rules"));
        }
    }

    /// The losses of a format that supports every field of a rule, but no settings.
    pub(super) fn of_settings(content: Content<'_>) -> Vec<Loss> {
        let mut losses = Self::default();
        losses.settings(content);
        losses.0
    }
}

/// The fields that some formats do not support. `BundleHash` represents both fields of the bundle.
const FIELDS: [Column; 9] = [
    Column::Message,
    Column::Url,
    Column::ButtonLabel,
    Column::AppName,
    Column::BundleHash,
    Column::Comment,
    Column::Ticket,
    Column::Source,
    Column::Expires,
];

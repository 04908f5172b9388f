//! What formats cannot say.

use super::{Content, Loss, Lost};
use crate::rule::Rule;

/// The losses of one file in the making.
#[derive(Default)]
pub(super) struct Losses(Vec<Loss>);

impl Losses {
    /// A rule that is left out.
    pub(super) fn rule(&mut self, index: usize, why: String) {
        self.0.push(Loss { rule: Some(index), lost: Lost::Everything(why) });
    }

    /// The fields that a rule has and the format does not.
    pub(super) fn fields(&mut self, index: usize, rule: &Rule, kept: &[&str]) {
        self.0.extend(fields_lost(index, rule, kept));
    }

    /// The settings, of which files of rules alone say nothing.
    pub(super) fn settings(&mut self, content: Content<'_>) {
        self.0.extend(content.settings.iter().map(|(scope, setting)| {
            let key = setting.key();
            let why = format!("{key} of {scope} is a setting, and the format has rules only");
            Loss { rule: None, lost: Lost::Everything(why) }
        }));
    }

    /// The settings alone, for formats that say everything of a rule.
    pub(super) fn of_settings(content: Content<'_>) -> Vec<Loss> {
        let mut losses = Self::default();
        losses.settings(content);
        losses.finish()
    }

    pub(super) fn finish(self) -> Vec<Loss> {
        self.0
    }
}

/// The fields that a rule has and that are not among those `kept`.
pub(super) fn fields_lost(index: usize, rule: &Rule, kept: &[&str]) -> impl Iterator<Item = Loss> {
    let lost = fields_of(rule).filter(|field| !kept.contains(field));
    lost.map(move |field| Loss { rule: Some(index), lost: Lost::Field(field) })
}

/// The fields that a rule has beside target, policy and scope, by our names.
fn fields_of(rule: &Rule) -> impl Iterator<Item = &'static str> {
    let (notice, provenance) = (&rule.notice, &rule.provenance);
    [
        ("message", notice.message.is_some()),
        ("url", notice.url.is_some()),
        ("button_label", notice.button_label.is_some()),
        ("app_name", notice.app_name.is_some()),
        ("bundle_hash", notice.bundle.is_some()),
        ("comment", provenance.comment.is_some()),
        ("ticket", provenance.ticket.is_some()),
        ("source", provenance.source.is_some()),
        ("expires", rule.expires.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, has)| has.then_some(field))
}

//! One thing in full: groups of named values.

use std::io;

use serde::Serialize;

use super::cell::{Cell, Tone};
use super::layout::{Layout, Piece};
use super::list::{separated, text, tone_style};
use super::{CliError, Ui};

/// A thing that can be shown in full. As JSON it is what it serializes to.
pub(crate) trait Report: Serialize {
    /// Its values, in groups.
    fn groups(&self) -> Vec<Group>;
}

/// Values that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// What stands above them, if anything does.
    pub(crate) title: Option<String>,
    /// Stable names in snake case, and values.
    pub(crate) fields: Vec<(&'static str, Cell)>,
}

impl Group {
    /// Values under a title.
    pub(crate) fn titled(
        title: impl Into<String>,
        fields: impl IntoIterator<Item = (&'static str, Cell)>,
    ) -> Self {
        Self { title: Some(title.into()), fields: fields.into_iter().collect() }
    }
}

/// What a table shows of groups. Values that say nothing are left out.
pub(super) fn sheet(groups: &[Group], ui: &Ui) -> String {
    let shown = |group: &Group| -> Vec<(String, String, Tone)> {
        let fields = group.fields.iter().map(|(name, cell)| {
            (format!("  {}", name.replace('_', " ")), text(ui, cell), cell.tone())
        });
        fields.filter(|(_, text, _)| !text.is_empty()).collect()
    };
    let groups: Vec<_> = groups.iter().map(|group| (&group.title, shown(group))).collect();
    let all = groups.iter().flat_map(|(_, fields)| fields);
    let texts = all.map(|(name, text, _)| vec![name.as_str(), text.as_str()]);
    let layout = Layout::fit(texts, ui.width);
    let mut out = String::new();
    for (title, fields) in &groups {
        if fields.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        if let Some(title) = title {
            let style = tone_style(ui, Tone::Strong);
            out.push_str(&format!("{style}{}{style:#}\n", super::harmless(title)));
        }
        for (name, text, tone) in fields {
            let name = Piece { text: name, style: tone_style(ui, Tone::Faint) };
            layout.write(&[name, Piece { text, style: tone_style(ui, *tone) }], &mut out);
        }
    }
    out
}

/// A line of names and a line of values.
pub(super) fn record(groups: &[Group], delimiter: u8) -> Result<Vec<u8>, CliError> {
    let mut writer = separated(delimiter);
    let fields = || groups.iter().flat_map(|group| &group.fields);
    let values = fields().map(|(_, cell)| cell.for_machines().into_owned());
    writer.write_record(fields().map(|(name, _)| name)).map_err(io::Error::from)?;
    writer.write_record(values).map_err(io::Error::from)?;
    Ok(writer.into_inner().map_err(|error| io::Error::from(error.error().kind()))?)
}

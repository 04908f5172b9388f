//! Rules as Terraform resources: `nps_workshop_rule` of Workshop's provider, which is read and
//! written, and `zentral_santa_rule` of Zentral's provider, which is only read.
//!
//! A rule is refused if nicelist needs one of its values, and only Terraform can evaluate that
//! value (a variable, a reference or a function). Repeated resources are also refused.

mod read;
#[cfg(test)]
mod tests;

pub use read::{read, recognises};

use std::collections::HashMap;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, Body};
use hcl_edit::template::StringTemplate;
use hcl_edit::{Decorate, Ident};

use super::loss::Losses;
use super::workshop;
use super::{Content, Written};
use crate::rule::{Rule, Scope};

const WORKSHOP: &str = "nps_workshop_rule";
const ZENTRAL: &str = "zentral_santa_rule";

pub fn write(content: Content<'_>) -> Written {
    let mut losses = Losses::default();
    let mut names = HashMap::new();
    let mut body = Body::new();
    for (index, rule) in content.rules.iter().enumerate() {
        let Some(entries) = workshop::entries(index, rule, &mut losses) else { continue };
        let attributes = entries.into_iter().map(|(key, text)| {
            let mut attribute = Attribute::new(Ident::new(key), text_of(&text));
            attribute.decor_mut().set_prefix("  ");
            attribute
        });
        let mut block = Block::builder(Ident::new("resource"))
            .labels([WORKSHOP.to_owned(), name_of(rule, &mut names)])
            .attributes(attributes)
            .build();
        if !body.is_empty() {
            block.decor_mut().set_prefix("\n");
        }
        body.push(block);
    }
    losses.settings(content);
    let text = if body.is_empty() { "# No rules.\n".to_owned() } else { body.to_string() };
    Written::file(text, losses.0)
}

/// A text in quotes. If a text has several template markers (`${` and `%{`), hcl-edit does not
/// escape all of them, so each marker is put into a separate part.
fn text_of(text: &str) -> Expression {
    let mut starts: Vec<usize> = ["${", "%{"]
        .into_iter()
        .flat_map(|marker| text.match_indices(marker))
        .map(|(at, _)| at)
        .collect();
    starts.sort_unstable();
    if starts.len() < 2 {
        return text.into();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut from = 0;
    let parts = ends.map(|end| &text[std::mem::replace(&mut from, end)..end]);
    parts.collect::<StringTemplate>().into()
}

/// A unique resource name of ASCII letters, digits and underscores. `names` maps each used name to
/// the number to append if the name is needed again.
fn name_of(rule: &Rule, names: &mut HashMap<String, u32>) -> String {
    let whole = match rule.scope() {
        Scope::Fleet => rule.target().to_string(),
        scope => format!("{}_{scope}", rule.target()),
    };
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let wanted: String = whole.chars().map(plain).collect();
    let mut name = wanted.clone();
    let mut next = names.get(&wanted).copied().unwrap_or(2);
    while names.contains_key(&name) {
        name = format!("{wanted}_{next}");
        next += 1;
    }
    names.insert(wanted, next);
    names.entry(name.clone()).or_insert(2);
    name
}

//! Reads long lists page by page. A caller that processes each page separately needs memory for
//! only one page.

use std::marker::PhantomData;

use ::http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded::Serializer;

use super::{Client, ClientError};
use crate::api::Page;

/// The number of items per page, unless a query has another limit.
const PAGE: &str = "1000";

/// Maximum pages of a list. With [`PAGE`] items per page, a list can have a hundred million items.
const MOST_PAGES: u32 = 100_000;

/// A list whose pages are fetched when they are read.
pub struct Pages<'a, T> {
    client: &'a Client,
    path: String,
    query: Query,
    done: bool,
    pages: u32,
    reading_older_events: bool,
    items: PhantomData<T>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    pub(super) fn new(client: &'a Client, path: String, query: &impl Serialize) -> Self {
        let mut query = Query::of(query);
        query.set_if_absent("limit", PAGE);
        Self {
            client,
            path,
            query,
            done: false,
            pages: 0,
            reading_older_events: false,
            items: PhantomData,
        }
    }

    /// The next page. None after the last page.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, ClientError> {
        if self.done {
            return Ok(None);
        }
        let path = self.query.behind(&self.path);
        let page: Page<T> = self.client.ask(Method::GET, &path, None::<&()>).await?;
        self.pages += 1;
        self.reading_older_events |= page.reading_older_events;
        if self.pages > MOST_PAGES
            || page.next.as_deref().is_some_and(|it| self.query.has("cursor", it))
        {
            return Err(self.client.odd(format!(
                "its list at {} has too many pages or repeats a \
                page",
                self.path
            )));
        }
        match page.next {
            Some(cursor) => self.query.set("cursor", &cursor),
            None => self.done = true,
        }
        Ok(Some(page.items))
    }

    /// Whether items may be missing, because the server has not yet read all events that an older
    /// version stored.
    pub fn is_incomplete(&self) -> bool {
        self.reading_older_events
    }

    /// The items of the first page.
    ///
    /// # Errors
    /// The same errors as [`Pages::next`].
    pub async fn first(mut self) -> Result<Vec<T>, ClientError> {
        Ok(self.next().await?.unwrap_or_default())
    }

    /// All items.
    ///
    /// # Errors
    /// The same errors as [`Pages::next`].
    pub async fn all(mut self) -> Result<Vec<T>, ClientError> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// The fields of a flat value, without fields that serde skips.
    pub(super) fn of(value: &impl Serialize) -> Self {
        let fields = match serde_json::to_value(value) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        Self(fields.into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, set)| known == name && set == value)
    }

    fn set_if_absent(&mut self, name: &str, value: &str) {
        if !self.0.iter().any(|(known, _)| known == name) {
            self.set(name, value);
        }
    }

    pub(super) fn behind(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let query = Serializer::new(String::new()).extend_pairs(&self.0).finish();
        format!("{path}?{query}")
    }
}

//! The OpenAPI document. utoipa generates it from routes and types, and this module completes it.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema, ToSchema};

use crate::api::{Code, Problem};
use crate::server::access::Viewer;
use crate::server::answer::{Answer, Refused};

const DESCRIPTION: &str = "All commands of nicelist use this API. docs/API.md explains it, with \
    examples.\n\nWithin /api/v1, properties and codes may be added, but are never renamed or \
    removed. Clients must accept unknown properties and codes. Requests must not contain \
    properties or parameters that are not described here.\n\nRequests that are not valid HTTP/1.1 \
    get 400, 414 or 431 with an empty body and without an ID.";

const TAGS: [(&str, &str); 11] = [
    ("server", "The server itself"),
    ("rules", "Rules by target and scope"),
    ("policy", "Tags, settings and rules as a whole"),
    ("history", "Revisions: who changed what, when and why"),
    ("hosts", "Hosts: their state, tags, rules and settings"),
    ("tags", "Tags, which administrators assign to hosts"),
    ("settings", "Settings by scope"),
    ("events", "Events that hosts reported, and decisions about them"),
    ("programs", "Programs that hosts reported"),
    ("people", "What is stored about people"),
    ("tokens", "Tokens for people, scripts and hosts"),
];

/// An error response: its HTTP status, its name in the document, and its description.
type Refusal = (u16, &'static str, &'static str);

/// Error responses of every operation.
const ALWAYS: [Refusal; 6] = [
    (400, "BadRequest", "The request does not match this document"),
    (401, "Unauthenticated", "The token is missing or invalid"),
    (403, "Forbidden", "The role of the token is not sufficient"),
    (429, "TooManyRequests", "The client exceeded a limit per minute; nothing was changed"),
    (500, "Internal", "The server failed; its log has the reason under the request ID"),
    (503, "Unavailable", "The server is overloaded, or its database cannot be reached"),
];
/// Error responses of operations with a body.
const OF_BODIES: [Refusal; 3] = [
    (413, "TooLarge", "The body is larger than the role may send, or has too many items"),
    (
        415,
        "UnsupportedMediaType",
        "The body is compressed, or its content type is not application/json",
    ),
    (501, "NotImplemented", "The body has a transfer coding other than chunked"),
];
/// Error responses that an operation has only if it declares their status.
const DECLARED: [Refusal; 3] = [
    (404, "NotFound", "Something in the request does not exist"),
    (
        409,
        "Conflict",
        "The change was planned on an older revision, a name is ambiguous, or a safety check refused \
        the change; `code` shows the reason",
    ),
    (422, "Invalid", "A value is invalid; nothing was changed"),
];

/// Completes the document that utoipa generates.
pub(super) fn completed(document: OpenApi) -> Value {
    // This cannot fail, because the keys of all maps are strings.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"]["description"] = DESCRIPTION.into();
    document["info"]["license"] = json!({"name": "Apache-2.0", "identifier": "Apache-2.0"});
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    document["security"] = json!([{"token": []}]);
    document["tags"] =
        TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    let schemas = &mut document["components"]["schemas"];
    merge_flattened(schemas);
    refer_in_pages(schemas);
    add_schema::<Problem>(schemas);
    add_schema::<Code>(schemas);
    add_schema::<crate::api::Detail>(schemas);
    close_requests(&mut document);
    bound_integers(&mut document);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operations) in paths {
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            complete_operation(operation);
        }
    }
    document["components"]["responses"] =
        refusals().map(refusal_response).collect::<Map<_, _>>().into();
    document["components"]["headers"] = json!({
        "RequestId": {
            "description": "The ID of the request, which is also in the server's log",
            "schema": {"type": "string"},
        },
        "RetryAfter": {
            "description": "Seconds to wait before the next attempt",
            "schema": {"type": "integer", "minimum": 0},
        },
    });
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token with the role viewer, helpdesk, editor or admin, created with \
                `nicelist token create`",
        },
    });
    document
}

fn refusals() -> impl Iterator<Item = &'static Refusal> {
    ALWAYS.iter().chain(&OF_BODIES).chain(&DECLARED)
}

fn refusal_response((status, name, description): &Refusal) -> (String, Value) {
    let mut headers = json!({"x-request-id": {"$ref": "#/components/headers/RequestId"}});
    if [429, 503].contains(status) {
        headers["retry-after"] = json!({"$ref": "#/components/headers/RetryAfter"});
    }
    let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
    let content = json!({"application/problem+json": problem});
    let response = json!({"description": description, "headers": headers, "content": content});
    ((*name).to_owned(), response)
}

/// Completes the responses of an operation. Removes `null` from the types of its parameters,
/// because a query cannot contain null.
fn complete_operation(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        remove_null(&mut parameter["schema"]);
    }
    let has_body = operation.get("requestBody").is_some();
    let responses = &mut operation["responses"];
    let of_bodies = OF_BODIES.iter().filter(|_| has_body);
    let declared: Vec<&Refusal> = DECLARED
        .iter()
        .filter(|(status, ..)| responses.get(status.to_string()).is_some())
        .collect();
    for (status, name, _) in ALWAYS.iter().chain(of_bodies).chain(declared) {
        responses[status.to_string()] = json!({"$ref": format!("#/components/responses/{name}")});
    }
    responses["200"]["description"] = "Success".into();
    responses["200"]["headers"] =
        json!({"x-request-id": {"$ref": "#/components/headers/RequestId"}});
}

fn remove_null(schema: &mut Value) {
    if let Some(kinds) = schema["type"].as_array() {
        let kept: Vec<Value> = kinds.iter().filter(|kind| **kind != "null").cloned().collect();
        if let [only] = kept.as_slice() {
            schema["type"] = only.clone();
        }
    }
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let kept: Vec<&Value> = variants.filter(|variant| variant["type"] != "null").collect();
    if let [only] = kept[..] {
        *schema = only.clone();
    }
}

/// Adds a schema that utoipa leaves out because no operation declares it.
fn add_schema<T: PartialSchema + ToSchema>(schemas: &mut Value) {
    schemas[&*T::name()] = serde_json::to_value(T::schema()).unwrap_or_default();
}

/// Replaces the `allOf` of flattened fields with one object, or with one object per variant of a
/// flattened enum. Client generators support this better, and [`close_requests`] needs it.
fn merge_flattened(schemas: &mut Value) {
    let names: Vec<String> =
        schemas.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for name in names {
        let schema = &schemas[&name];
        let parts = schema["allOf"].as_array();
        let merged =
            parts.and_then(|parts| merge(schemas, parts).or_else(|| distribute(schemas, parts)));
        if let Some(mut merged) = merged {
            merged["description"] = schema["description"].clone();
            schemas[&name] = merged;
        }
    }
}

/// One object for each variant of the first part, which must be a `oneOf`. Each object also has the
/// properties of all other parts.
fn distribute(schemas: &Value, parts: &[Value]) -> Option<Value> {
    let (variants, others) = parts.split_first()?;
    let variants = referred(schemas, variants)["oneOf"].as_array()?;
    let merged = variants.iter().map(|variant| {
        let parts: Vec<Value> = [variant].into_iter().chain(others).cloned().collect();
        let mut merged = merge(schemas, &parts)?;
        merged["description"] = variant["description"].clone();
        Some(merged)
    });
    Some(json!({"oneOf": merged.collect::<Option<Vec<Value>>>()?}))
}

/// The schema that a reference refers to, or the given schema if it is not a reference.
fn referred<'a>(schemas: &'a Value, schema: &'a Value) -> &'a Value {
    let path = schema["$ref"].as_str();
    path.and_then(|path| path.rsplit('/').next()).map_or(schema, |name| &schemas[name])
}

/// One object with the properties of all parts, if all of them are objects.
fn merge(schemas: &Value, parts: &[Value]) -> Option<Value> {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let part = referred(schemas, part);
        let part = match part["allOf"].as_array() {
            Some(parts) => merge(schemas, parts)?,
            None => part.clone(),
        };
        properties.extend(part["properties"].as_object()?.clone());
        required.extend(part["required"].as_array().into_iter().flatten().cloned());
    }
    Some(json!({"type": "object", "properties": properties, "required": required}))
}

/// Replaces the schemas of page items with references, because utoipa repeats the whole schema.
fn refer_in_pages(schemas: &mut Value) {
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        if let Some(item) = name.strip_prefix("Page_") {
            let path = format!("#/components/schemas/{item}");
            schema["properties"]["items"]["items"] = json!({"$ref": path});
        }
    }
}

/// Declares that request objects have no additional properties, because the server refuses unknown
/// fields.
fn close_requests(document: &mut Value) {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let mut found = Vec::new();
    operations.for_each(|(_, operation)| references(&operation["requestBody"], &mut found));
    let mut closed = HashSet::new();
    while let Some(path) = found.pop() {
        let Some(schema) = document.pointer_mut(path.trim_start_matches('#')) else { continue };
        if closed.insert(path) {
            if schema["properties"].is_object() {
                schema["additionalProperties"] = false.into();
            }
            references(schema, &mut found);
        }
    }
}

/// Collects the paths of all schemas that a value refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Sets the minimum, maximum and format of each integer that has no maximum.
fn bound_integers(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_integer = match fields.get("type") {
                Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "integer"),
                Some(kind) => kind == "integer",
                None => false,
            };
            if is_integer && !fields.contains_key("maximum") {
                let is_small = fields.get("format").is_some_and(|format| format == "int32");
                let is_signed = !fields.contains_key("minimum");
                let (least, most, format) = match (is_signed, is_small) {
                    (true, true) => (json!(i32::MIN), json!(i32::MAX), "int32"),
                    (true, false) => (json!(i64::MIN), json!(i64::MAX), "int64"),
                    (false, true) => (json!(0), json!(u32::MAX), "uint32"),
                    (false, false) => (json!(0), json!(u64::MAX), "uint64"),
                };
                fields.insert("minimum".to_owned(), least);
                fields.insert("maximum".to_owned(), most);
                fields.insert("format".to_owned(), format.into());
            }
            fields.values_mut().for_each(bound_integers);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_integers),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Show this document
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", tag = "server",
    responses((status = 200, body = Object)))]
pub(super) async fn show(Extension(document): Extension<Arc<Value>>, _: Viewer) -> Answer<Value> {
    Ok(Json((*document).clone()))
}

pub(super) struct Queried(HashSet<(Method, String)>);

impl Queried {
    pub(super) fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, operations)| {
            let operations = operations.as_object().into_iter().flatten();
            operations.map(move |(method, operation)| (path, method, operation))
        });
        let has_query = |operation: &Value| {
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.any(|parameter| parameter["in"] == "query")
        };
        let queried = operations.filter(|(_, _, operation)| has_query(operation));
        let keys = queried.filter_map(|(path, method, _)| {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).ok()?;
            Some((method, path.clone()))
        });
        Self(keys.collect())
    }
}

/// Refuses a query if the operation has no query parameters. If the query were ignored,
/// a change with `dry_run` in the query instead of in the body would be committed.
pub(super) async fn refuse_stray_query(
    State(queried): State<Arc<Queried>>,
    request: Request,
    next: Next,
) -> Response {
    let has_query = request.uri().query().is_some_and(|query| !query.is_empty());
    if has_query && let Some(path) = request.extensions().get::<MatchedPath>() {
        let method = match *request.method() {
            Method::HEAD => Method::GET,
            _ => request.method().clone(),
        };
        let takes_body = method == Method::POST;
        if !queried.0.contains(&(method, path.as_str().to_owned())) {
            let problem = Problem::new(Code::BadRequest, "this path has no query parameters");
            let problem = match takes_body {
                true => problem.hint("send them as JSON fields in the body"),
                false => problem,
            };
            return Refused::from(problem).into_response();
        }
    }
    next.run(request).await
}

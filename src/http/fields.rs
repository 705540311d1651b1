//! `fields=a,b`: narrows a representation to the members named.

use serde::Serialize;
use serde_json::Value;

use crate::error::{ApiError, ApiResult};

/// Members that every narrowed representation keeps: without them it could not be edited or believed.
const KEPT: [&str; 3] = ["id", "version", "withheld_fields"];

/// The members asked for; none: all.
#[derive(Debug, Clone, Default)]
pub struct Fields(Option<Vec<String>>);

impl Fields {
    /// Reads the parameter; a name the resource does not have is 400.
    pub fn parse(parameter: Option<&str>, known: &[&str]) -> ApiResult<Self> {
        let Some(parameter) = parameter else { return Ok(Self(None)) };
        let names: Vec<String> = parameter.split(',').map(str::to_owned).collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            Some(_) => Err(ApiError::malformed(format!("fields: choose among {}", known.join(", ")))),
            None => Ok(Self(Some(names))),
        }
    }

    /// The representation with the members asked for.
    pub fn narrow(&self, body: &impl Serialize) -> ApiResult<Value> {
        let value = serde_json::to_value(body).map_err(ApiError::fault)?;
        Ok(match (&self.0, value) {
            (Some(names), Value::Object(mut members)) => {
                members.retain(|name, _| {
                    KEPT.contains(&name.as_str()) || name.starts_with('_') || names.iter().any(|wanted| wanted == name)
                });
                Value::Object(members)
            }
            (_, value) => value,
        })
    }

    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// For the view an `ETag` names.
    pub fn text(&self) -> String {
        self.0.as_ref().map(|names| names.join(",")).unwrap_or_default()
    }
}

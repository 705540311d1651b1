//! `fields=a,b`: narrows a representation to the members named.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::error::{ApiError, ApiResult};
use crate::http::members::{Members, TakesMember};

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

    /// Whether a member was asked for, or is kept anyway.
    pub fn keeps(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| {
            KEPT.contains(&name) || name.starts_with('_') || names.iter().any(|wanted| wanted == name)
        })
    }

    /// The representation with the members asked for.
    pub fn only<'a, T: Serialize>(&'a self, body: &'a T) -> Narrowed<'a, T> {
        Narrowed { fields: self, body }
    }

    /// For the view an `ETag` names.
    pub fn text(&self) -> String {
        self.0.as_ref().map(|names| names.join(",")).unwrap_or_default()
    }
}

/// A representation with the members asked for.
#[derive(Debug)]
pub struct Narrowed<'a, T> {
    fields: &'a Fields,
    body: &'a T,
}

impl<T: Serialize> Serialize for Narrowed<'_, T> {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        if self.fields.0.is_none() {
            return self.body.serialize(target);
        }
        let mut kept = Kept { fields: self.fields, map: target.serialize_map(None)? };
        self.body.serialize(Members(&mut kept))?;
        kept.map.end()
    }
}

struct Kept<'a, M> {
    fields: &'a Fields,
    map: M,
}

impl<M: SerializeMap> TakesMember for Kept<'_, M> {
    type Error = M::Error;

    fn take<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), M::Error> {
        if self.fields.keeps(name) { self.map.serialize_entry(name, value) } else { Ok(()) }
    }
}

//! JSON Merge Patch (RFC 7396): absent keeps, null removes, a value replaces.

use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer};

use crate::error::{ApiError, ApiResult, FieldError};
use crate::http::links;

/// One member of a merge patch. Use with `#[serde(default)]`, and with `value_type = Option<T>` in the contract where it may be
/// null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    #[default]
    Keep,
    Remove,
    Set(T),
}

impl<T> Patch<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Remove => Patch::Remove,
            Self::Set(value) => Patch::Set(change(value)),
        }
    }

    /// What it makes of a value that can be absent.
    pub fn over(self, held: Option<T>) -> Option<T> {
        match self {
            Self::Keep => held,
            Self::Remove => None,
            Self::Set(value) => Some(value),
        }
    }

    pub fn try_map<U>(self, change: impl FnOnce(T) -> ApiResult<U>) -> ApiResult<Patch<U>> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Remove => Patch::Remove,
            Self::Set(value) => Patch::Set(change(value)?),
        })
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// What is absent is kept.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(source)?.map_or(Self::Remove, Self::Set))
    }
}

/// Applies the members of a patch to a row and remembers which ones changed it.
#[derive(Debug, Default)]
pub struct Edit {
    changed: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl Edit {
    /// A member that can be absent.
    pub fn optional<T: PartialEq>(&mut self, name: &'static str, field: &mut Option<T>, patch: Patch<T>) {
        let value = match patch {
            Patch::Keep => return,
            given => given.over(None),
        };
        if *field != value {
            *field = value;
            self.changed.push(name);
        }
    }

    /// A member that every row has.
    pub fn required<T: PartialEq>(&mut self, name: &'static str, field: &mut T, patch: Patch<T>) {
        match patch {
            Patch::Keep => {}
            Patch::Remove => self
                .errors
                .push(FieldError { pointer: format!("#/{name}"), detail: "is required and cannot be removed".into() }),
            Patch::Set(value) => {
                if *field != value {
                    *field = value;
                    self.changed.push(name);
                }
            }
        }
    }

    /// Refuses a text that is empty or longer than `max` characters.
    pub fn bounded(&mut self, name: &str, patch: &Patch<String>, max: usize) {
        self.within(name, patch, 1..=max);
    }

    /// Refuses a text that has fewer or more characters.
    pub fn within(&mut self, name: &str, patch: &Patch<String>, bounds: RangeInclusive<usize>) {
        if let Patch::Set(text) = patch
            && !bounds.contains(&text.chars().count())
        {
            self.refuse(name, format!("must have {} to {} characters", bounds.start(), bounds.end()));
        }
    }

    /// Refuses a text that is not of the form a creation asks for.
    pub fn checked(
        &mut self,
        name: &str,
        patch: &Patch<String>,
        check: impl Fn(&str) -> Result<(), validator::ValidationError>,
    ) {
        if let Patch::Set(text) = patch
            && let Err(wrong) = check(text)
        {
            self.refuse(name, wrong.message.unwrap_or("has another form".into()));
        }
    }

    /// Refuses what is not an e-mail address, of at most 254 characters (RFC 5321).
    pub fn email(&mut self, name: &str, patch: &Patch<String>) {
        if let Patch::Set(text) = patch
            && !(text.chars().count() <= 254 && validator::ValidateEmail::validate_email(text))
        {
            self.refuse(name, "is not an e-mail address");
        }
    }

    /// Refuses a link that a creation would refuse.
    pub fn link(
        &mut self,
        name: &str,
        patch: &Patch<String>,
        check: impl Fn(&str) -> Result<(), validator::ValidationError>,
    ) {
        self.within(name, patch, 0..=links::LONGEST);
        self.checked(name, patch, check);
    }

    /// Refuses a list that is too long, and what does not fit in its items.
    pub fn nested<T: validator::Validate>(&mut self, name: &str, items: &[T], max: usize) {
        if items.len() > max {
            self.refuse(name, format!("must have at most {max} items"));
        }
        for (index, item) in items.iter().enumerate() {
            if let Err(errors) = item.validate() {
                self.errors.extend(crate::http::body::flatten(&errors, &format!("#/{name}/{index}")));
            }
        }
    }

    /// Refuses an object whose members do not fit.
    pub fn valid<T: validator::Validate>(&mut self, name: &str, value: &T) {
        if let Err(errors) = value.validate() {
            self.errors.extend(crate::http::body::flatten(&errors, &format!("#/{name}")));
        }
    }

    /// The same of a list that a patch replaces.
    pub fn items<T: validator::Validate>(&mut self, name: &str, patch: &Patch<Vec<T>>, max: usize) {
        if let Patch::Set(items) = patch {
            self.nested(name, items, max);
        }
    }

    /// Refuses a list that is too long.
    pub fn at_most<T>(&mut self, name: &str, patch: &Patch<Vec<T>>, max: usize) {
        if let Patch::Set(items) = patch
            && items.len() > max
        {
            self.refuse(name, format!("must have at most {max} items"));
        }
    }

    /// Refuses a number beyond its bounds.
    pub fn lies_within<T: PartialOrd + std::fmt::Display>(
        &mut self,
        name: &str,
        patch: &Patch<T>,
        bounds: RangeInclusive<T>,
    ) {
        if let Patch::Set(number) = patch
            && !bounds.contains(number)
        {
            self.refuse(name, format!("must lie between {} and {}", bounds.start(), bounds.end()));
        }
    }

    /// Reports a member whose value does not fit.
    pub fn refuse(&mut self, pointer: &str, detail: impl Into<String>) {
        self.errors.push(FieldError { pointer: format!("#/{pointer}"), detail: detail.into() });
    }

    /// The names of the members that changed; 422 where a patch did not fit.
    pub fn finish(self) -> ApiResult<Vec<&'static str>> {
        if self.errors.is_empty() { Ok(self.changed) } else { Err(ApiError::invalid(self.errors)) }
    }
}

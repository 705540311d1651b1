//! Lists: seek paging with sealed cursors.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::keys::Keys;
use crate::error::{ApiError, ApiResult};
use crate::http::fields::{Fields, Narrowed};

/// Rows a page has unless asked otherwise.
pub const DEFAULT_LIMIT: i64 = 50;
/// Rows a page has at most.
pub const MAX_LIMIT: i64 = 200;

/// Links of a page (IANA relations), absolute.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageLinks {
    /// This page.
    #[serde(rename = "self")]
    #[schema(format = "uri", max_length = 4096)]
    pub this: String,
    /// The next page, absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri", max_length = 4096, nullable = false)]
    pub next: Option<String>,
}

/// Declares the page type of one list: the contract wants concrete names.
#[macro_export]
macro_rules! page_of {
    ($(#[$meta:meta])* $name:ident of $item:ty) => {
        $(#[$meta])*
        #[derive(Debug, ::serde::Serialize, ::utoipa::ToSchema)]
        pub struct $name {
            /// The rows of this page, in the order asked for.
            #[schema(max_items = 200)]
            pub items: Vec<$item>,
            /// How many rows a page may have.
            #[schema(minimum = 1, maximum = 200)]
            pub limit: i64,
            /// Send it as `cursor` to read on; absent on the last page.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, max_length = 1024)]
            pub next_cursor: Option<String>,
            /// Links to this page and the next.
            #[serde(rename = "_links")]
            pub links: $crate::http::page::PageLinks,
        }

        impl From<$crate::http::page::PageOf<$item>> for $name {
            fn from(page: $crate::http::page::PageOf<$item>) -> Self {
                Self { items: page.items, limit: page.limit, next_cursor: page.next_cursor, links: page.links }
            }
        }
    };
}

/// A query that asks for a page.
pub trait Paged {
    fn limit(&self) -> Option<i64>;
    fn cursor(&self) -> Option<&str>;
    /// The members asked for, of lists that can be narrowed.
    fn fields(&self) -> Option<&str> {
        None
    }
}

/// Makes a query with `limit` and `cursor` `Paged`; with `fields` too, where that follows its name.
#[macro_export]
macro_rules! paged {
    ($query:ident $(, $fields:ident)?) => {
        impl $crate::http::page::Paged for $query {
            fn limit(&self) -> Option<i64> {
                self.limit
            }

            fn cursor(&self) -> Option<&str> {
                self.cursor.as_deref()
            }

            $(fn fields(&self) -> Option<&str> {
                self.$fields.as_deref()
            })?
        }
    };
}

/// Declares the query of a list: what it can be asked besides `limit` and `cursor`, which every list takes alike.
#[macro_export]
macro_rules! paged_query {
    ($(#[$meta:meta])* $name:ident { $($(#[$of_member:meta])* $member:ident: $kind:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, ::serde::Deserialize, ::validator::Validate, ::utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            $($(#[$of_member])* pub $member: $kind,)*
            /// Rows a page may have.
            #[validate(range(min = 1, max = 200))]
            #[param(minimum = 1, maximum = 200, default = 50)]
            pub limit: Option<i64>,
            /// From `next_cursor` of the page before.
            #[validate(length(max = 1024))]
            #[param(max_length = 1024)]
            pub cursor: Option<String>,
        }

        $crate::paged!($name);
    };
}

/// A page before it has its name in the contract.
#[derive(Debug, Serialize)]
pub struct PageOf<T> {
    pub items: Vec<T>,
    pub limit: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    #[serde(rename = "_links")]
    pub links: PageLinks,
}

impl<T: Serialize> PageOf<T> {
    /// The page with the members asked for of each row.
    pub fn narrowed<'a>(&'a self, fields: &'a Fields) -> PageOf<Narrowed<'a, T>> {
        let items = self.items.iter().map(|item| fields.only(item)).collect();
        PageOf { items, limit: self.limit, next_cursor: self.next_cursor.clone(), links: self.links.clone() }
    }
}

impl<T> PageOf<T> {
    /// The page with each row turned into what is shown of it.
    pub fn try_map<U>(self, mut show: impl FnMut(T) -> ApiResult<U>) -> ApiResult<PageOf<U>> {
        // Collecting would not know how many there are, since any of them may end it.
        let mut items = Vec::with_capacity(self.items.len());
        for item in self.items {
            items.push(show(item)?);
        }
        Ok(PageOf { items, limit: self.limit, next_cursor: self.next_cursor, links: self.links })
    }
}

/// What a sealed cursor says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor<K> {
    /// Whose it is.
    principal: uuid::Uuid,
    /// Which list with which filter it belongs to.
    list: String,
    /// The sort key of the last row, id included.
    pub after: K,
}

/// How a page was asked for.
pub struct PageRequest<'a> {
    pub limit: Option<i64>,
    pub cursor: Option<&'a str>,
    /// The list's address with its filter, without `cursor` and `limit`: a cursor belongs to one.
    pub list: String,
    pub principal: uuid::Uuid,
    pub keys: &'a Keys,
    pub url: String,
}

impl<'a> PageRequest<'a> {
    /// Rows wanted.
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }

    /// Where to go on, 400 for a cursor that is damaged, another caller's or another list's.
    pub fn after<K: DeserializeOwned>(&self) -> ApiResult<Option<K>> {
        let Some(sealed) = self.cursor else { return Ok(None) };
        let refused = || ApiError::malformed("the cursor is not one of this list and caller");
        let opened = self.keys.open_cursor(sealed).ok_or_else(refused)?;
        let cursor: Cursor<K> = serde_json::from_slice(&opened).map_err(|_| refused())?;
        if cursor.principal != self.principal || cursor.list != self.list {
            return Err(refused());
        }
        Ok(Some(cursor.after))
    }

    /// Makes a page of `limit` rows out of up to `limit + 1`.
    pub fn page<T, K: Serialize>(&self, mut rows: Vec<T>, key: impl FnOnce(&T) -> K) -> ApiResult<PageOf<T>> {
        let limit = self.limit();
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next_cursor = match rows.last() {
            Some(last) if more => {
                let cursor = Cursor { principal: self.principal, list: self.list.clone(), after: key(last) };
                let plain = serde_json::to_vec(&cursor).map_err(ApiError::fault)?;
                Some(self.keys.seal_cursor(&plain)?)
            }
            _ => None,
        };
        Ok(PageOf { links: self.links(next_cursor.as_deref()), items: rows, limit, next_cursor })
    }

    /// Lets a short page go on after a key: more may follow although nothing was found so far.
    pub fn continue_after<T, K: Serialize>(&self, page: &mut PageOf<T>, key: K) -> ApiResult<()> {
        let cursor = Cursor { principal: self.principal, list: self.list.clone(), after: key };
        let plain = serde_json::to_vec(&cursor).map_err(ApiError::fault)?;
        let next = self.keys.seal_cursor(&plain)?;
        page.links = self.links(Some(&next));
        page.next_cursor = Some(next);
        Ok(())
    }

    /// The links of a page that goes on at `next`.
    pub fn links(&self, next: Option<&str>) -> PageLinks {
        let address = |cursor: Option<&str>| {
            let mut parts: Vec<String> = Vec::new();
            if !self.list.is_empty() {
                parts.push(self.list.clone());
            }
            if let Some(limit) = self.limit {
                parts.push(format!("limit={limit}"));
            }
            if let Some(cursor) = cursor {
                parts.push(format!("cursor={cursor}"));
            }
            if parts.is_empty() { self.url.clone() } else { format!("{}?{}", self.url, parts.join("&")) }
        };
        PageLinks { this: address(self.cursor), next: next.map(|next| address(Some(next))) }
    }
}

/// The query of a list without its paging, parameters in a stable order.
pub fn without_paging(query: &str) -> String {
    let mut parts: Vec<&str> = query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("cursor=") && !part.starts_with("limit="))
        .collect();
    parts.sort_unstable();
    parts.join("&")
}

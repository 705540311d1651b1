//! The HTTP mechanics every operation shares: what a request carries, how an answer is made.

pub mod answer;
pub mod body;
pub mod content;
pub mod door;
pub mod etag;
pub mod fields;
pub mod formats;
pub mod forms;
pub mod gate;
pub mod limits;
pub mod links;
pub mod listing;
pub mod members;
pub mod objects;
pub mod page;
pub mod patch;
pub mod path;
pub mod query;
pub mod reading;
pub mod request;
pub mod slots;
pub mod texts;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use body::{Body, Checked};
pub use content::{Content, ContentHead};
pub use door::{Door, Reader, Shown};
pub use etag::{IfMatch, IfNoneMatch, View};
pub use fields::Fields;
pub use formats::Format;
pub use listing::Listing;
pub use page::{Cursor, PageRequest};
pub use patch::Patch;
pub use path::Id;
pub use query::Parameters;
pub use request::RequestContext;

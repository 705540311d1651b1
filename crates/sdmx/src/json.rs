//! JSON objects as all messages write them.

use serde_json::{Map, Value, json};

use crate::header::Header;
use crate::text::LocalisedText;

/// An object that is being made.
#[derive(Debug, Clone, Default)]
pub struct Object(Map<String, Value>);

impl Object {
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The same where there is a value, else nothing.
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A name in the best language, and in all of them; the id where there is none, since the schemas want one.
    pub fn named(self, id: &str, name: &LocalisedText, languages: &[String]) -> Self {
        let all = (!name.is_empty()).then(|| texts(name));
        self.with("name", name.best_or(languages, id)).with_some("names", all)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}

/// A text by language.
pub fn texts(text: &LocalisedText) -> Value {
    Value::Object(text.iter().map(|(language, text)| (language.to_owned(), json!(text))).collect())
}

/// What messages of all kinds begin with.
pub fn meta(header: &Header, schema: &str) -> Value {
    let sender = Object::default().with("id", header.sender.as_str());
    let sender = sender.named(&header.sender, &header.sender_name, &header.languages);
    let meta = Object::default()
        .with("schema", schema)
        .with("id", header.id.as_str())
        .with("test", header.is_test)
        .with("prepared", header.prepared())
        .with("sender", sender);
    meta.into()
}

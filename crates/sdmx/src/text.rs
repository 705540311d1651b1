//! Names in several languages.

use std::collections::BTreeMap;

/// A text in several languages, by language tag (RFC 5646); the InternationalString of SDMX 2.1, section 2.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalisedText(BTreeMap<String, String>);

impl LocalisedText {
    /// A text in one language.
    pub fn of(language: impl Into<String>, text: impl Into<String>) -> Self {
        Self(BTreeMap::from([(language.into(), text.into())]))
    }

    /// The same with one more language, or with another text in it.
    #[must_use]
    pub fn and(mut self, language: impl Into<String>, text: impl Into<String>) -> Self {
        self.0.insert(language.into(), text.into());
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Language and text, by language.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, text)| (language.as_str(), text.as_str()))
    }

    /// The text in the first of these languages that there is, else in English, else in any.
    pub fn best(&self, languages: &[String]) -> Option<&str> {
        let preferred = languages.iter().map(String::as_str).chain(["en"]).find_map(|language| self.0.get(language));
        preferred.or_else(|| self.0.values().next()).map(String::as_str)
    }

    /// The best text, or what stands for it where there is none: an identifier.
    pub fn best_or<'a>(&'a self, languages: &[String], otherwise: &'a str) -> &'a str {
        self.best(languages).unwrap_or(otherwise)
    }
}

impl FromIterator<(String, String)> for LocalisedText {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(texts: T) -> Self {
        Self(texts.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_there_is_wins_then_english_then_any() {
        let text = LocalisedText::of("it", "Femmine").and("en", "Females").and("de", "Weiblich");
        let languages = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(text.best(&languages(&["fr", "de", "it"])), Some("Weiblich"));
        assert_eq!(text.best(&languages(&["fr"])), Some("Females"));
        assert_eq!(LocalisedText::of("it", "Femmine").best(&[]), Some("Femmine"));
        assert_eq!(LocalisedText::default().best_or(&[], "F"), "F");
    }
}

//! Texts, their languages, and lists of at least one.

use oxrdf::Literal;

/// A text with something in it, of characters that all formats can carry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    /// The text without blanks around it, its lines ended by a line feed alone, and without the characters that XML cannot hold (XML 1.0, 2.2),
    /// not even as references: else the three formats would tell three graphs. None where nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let mut kept = String::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\r' if characters.peek() == Some(&'\n') => {}
                '\r' => kept.push('\n'),
                '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'.. => kept.push(character),
                _ => {}
            }
        }
        let kept = kept.trim();
        (!kept.is_empty()).then(|| Self(kept.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The language of a text (BCP 47).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Language(String);

impl Language {
    /// A language by its tag, such as `it` or `zh-hant`; none for what is no tag.
    pub fn new(tag: &str) -> Option<Self> {
        let literal = Literal::new_language_tagged_literal("", tag).ok()?;
        literal.language().map(|tag| Self(tag.to_owned()))
    }

    pub fn italian() -> Self {
        Self("it".to_owned())
    }

    pub fn english() -> Self {
        Self("en".to_owned())
    }

    pub fn tag(&self) -> &str {
        &self.0
    }

    /// The language in the EU's authority table "language", which `dct:language` has to be of; none for those not known here.
    pub(crate) fn authority_code(&self) -> Option<&'static str> {
        Some(match self.0.split('-').next()? {
            "ar" => "ARA",
            "bg" => "BUL",
            "bn" => "BEN",
            "cs" => "CES",
            "da" => "DAN",
            "de" => "DEU",
            "el" => "ELL",
            "en" => "ENG",
            "es" => "SPA",
            "et" => "EST",
            "fa" => "FAS",
            "fi" => "FIN",
            "fr" => "FRA",
            "ga" => "GLE",
            "hi" => "HIN",
            "hr" => "HRV",
            "hu" => "HUN",
            "it" => "ITA",
            "lt" => "LIT",
            "lv" => "LAV",
            "mt" => "MLT",
            "nl" => "NLD",
            "pl" => "POL",
            "pt" => "POR",
            "ro" => "RON",
            "ru" => "RUS",
            "sk" => "SLK",
            "sl" => "SLV",
            "sq" => "SQI",
            "sr" => "SRP",
            "sv" => "SWE",
            "tr" => "TUR",
            "uk" => "UKR",
            "ur" => "URD",
            "zh" => "ZHO",
            _ => return None,
        })
    }
}

/// A text in a language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalisedText {
    pub language: Language,
    pub text: Text,
}

impl LocalisedText {
    /// An Italian text; none where it is blank.
    pub fn italian(text: &str) -> Option<Self> {
        Some(Self { language: Language::italian(), text: Text::new(text)? })
    }
}

/// A text in one or more languages.
pub type Texts = AtLeastOne<LocalisedText>;

impl Texts {
    /// An Italian text alone; none where it is blank.
    pub fn italian(text: &str) -> Option<Self> {
        LocalisedText::italian(text).map(Self::one)
    }
}

/// A list that is never empty: what the profile asks for "1..N" times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtLeastOne<T> {
    first: T,
    others: Vec<T>,
}

impl<T> AtLeastOne<T> {
    pub fn one(first: T) -> Self {
        Self { first, others: Vec::new() }
    }

    /// None of an empty list.
    pub fn of(items: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut items = items.into_iter();
        Some(Self { first: items.next()?, others: items.collect() })
    }

    pub fn push(&mut self, item: T) {
        self.others.push(item);
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

//! Addresses: those given from outside, which may be anything, and those minted here.

use oxiri::Iri;
use oxrdf::NamedNode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of something on the Web: http or https, absolute, without a name and password.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebAddress(NamedNode);

impl WebAddress {
    /// None for what is no such address: other schemes (`javascript:`, `data:`), relative ones, those with blanks or quotes.
    pub fn new(address: &str) -> Option<Self> {
        let iri = Iri::parse(address).ok()?;
        let is_web = ["http", "https"].iter().any(|scheme| iri.scheme().eq_ignore_ascii_case(scheme));
        let authority = iri.authority()?;
        let has_host = !authority.is_empty() && !authority.starts_with(':') && !authority.contains('@');
        (is_web && has_host).then(|| Self(NamedNode::new_unchecked(address)))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn node(&self) -> &NamedNode {
        &self.0
    }
}

/// The address that a deployment is reached at; what the catalogue describes is named below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// None for what is no address of the Web, or has a query or a fragment.
    pub fn new(address: &str) -> Option<Self> {
        let address = WebAddress::new(address)?;
        let is_place = !address.as_str().contains(['?', '#']);
        is_place.then(|| Self(address.as_str().trim_end_matches('/').to_owned()))
    }

    /// The catalogue, which is found at its own name.
    pub fn catalogue(&self) -> NamedNode {
        NamedNode::new_unchecked(format!("{}/catalog", self.0))
    }

    /// Something that the catalogue describes: a fragment of it, so that its name leads to its description. Any text is a fit step.
    pub(crate) fn part(&self, steps: &[&str]) -> NamedNode {
        let mut iri = format!("{}/catalog#", self.0);
        for (at, step) in steps.iter().enumerate() {
            if at > 0 {
                iri.push('/');
            }
            iri.extend(utf8_percent_encode(step, RESERVED));
        }
        NamedNode::new_unchecked(iri)
    }
}

/// An address of e-mail, as `mailto:` names it (RFC 6068).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(NamedNode);

impl Email {
    /// None for what is no plain address: letters, digits and the signs of RFC 5322's atoms before the `@`, a host's name behind it.
    pub fn new(address: &str) -> Option<Self> {
        let (local, host) = address.trim().split_once('@')?;
        let is_atom = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        };
        let is_label = |part: &str| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let fits = local.split('.').all(is_atom) && host.contains('.') && host.split('.').all(is_label);
        fits.then(|| {
            let local = utf8_percent_encode(local, RESERVED);
            Self(NamedNode::new_unchecked(format!("mailto:{local}@{host}")))
        })
    }

    pub(crate) fn node(&self) -> &NamedNode {
        &self.0
    }
}

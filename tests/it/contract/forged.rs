//! Tokens as a forger would make them, one of them even with the deployment's own key.

use approdo::access::keys::Keys;
use approdo::server;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use p256::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};

use crate::support::World;
use crate::support::database::master;

pub struct Forger {
    kid: String,
    key: EncodingKey,
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("claims")
}

impl Forger {
    /// Takes the signing key out of the database, with the master key.
    pub fn new(world: &World) -> Self {
        let database = server::open_database(&world.database.arguments()).expect("opens");
        let keys = Keys::new(master());
        keys.load(&mut server::connect(&database).expect("answers")).expect("the master key opens them");
        let (kid, key) = keys.signing().expect("a key");
        Self { kid, key }
    }

    fn header(&self, algorithm: Algorithm) -> Header {
        Header { typ: Some("at+jwt".into()), kid: Some(self.kid.clone()), ..Header::new(algorithm) }
    }

    /// The token with something changed, signed by the deployment's key.
    pub fn token(&self, token: &str, change: impl FnOnce(&mut Header, &mut Value)) -> String {
        let (mut header, mut claims) = (self.header(Algorithm::ES256), claims(token));
        change(&mut header, &mut claims);
        encode(&header, &claims, &self.key).expect("signed")
    }

    /// The token signed by a key of the forger's own under the known `kid`.
    pub fn with_another_key(&self, token: &str) -> String {
        let secret = p256::SecretKey::from_slice(&[7; 32]).expect("a key");
        let key = EncodingKey::from_ec_der(secret.to_pkcs8_der().expect("written").as_bytes());
        encode(&self.header(Algorithm::ES256), &claims(token), &key).expect("signed")
    }

    /// The token signed with what everyone knows, as if the public key were a shared secret.
    pub fn symmetric(&self, token: &str) -> String {
        encode(&self.header(Algorithm::HS256), &claims(token), &EncodingKey::from_secret(self.kid.as_bytes()))
            .expect("signed")
    }

    /// The token with `alg: none`.
    pub fn unsigned(&self, token: &str) -> String {
        let header = json!({"alg": "none", "typ": "at+jwt", "kid": self.kid}).to_string();
        let payload = token.split('.').nth(1).expect("three parts");
        format!("{}.{payload}.", BASE64_URL_SAFE_NO_PAD.encode(header))
    }
}

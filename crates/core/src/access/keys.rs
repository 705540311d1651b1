//! Keys: one master key wraps the signing and cursor keys kept in the database, so that a plain dump is of no use to a
//! forger, and every process of the deployment signs and seals alike.

use std::path::Path;
use std::sync::Arc;

use approdo_db::schema::deployment_keys;
use approdo_db::{Connection, Timestamp, define_id};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use diesel::prelude::*;
use hkdf::Hkdf;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use parking_lot::RwLock;
use sha2::Sha256;

use crate::clock;
use crate::error::{ApiError, ApiResult};

const NONCE: usize = 24;

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> ApiResult<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(ApiError::fault)?;
    Ok(bytes)
}

/// The key that wraps the others. It is given by configuration and never stored in the database.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| "the master key is not base64".to_owned())?;
        bytes.try_into().map(Self).map_err(|_| "the master key must have 32 bytes".to_owned())
    }

    /// Reads the key from a file; makes one, readable by its owner alone, where there is none and one may be made.
    pub fn from_file(path: &Path, create: bool) -> Result<Self, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && create => {
                let key = Self(random::<32>().map_err(|error| error.to_string())?);
                write_private(path, &BASE64_STANDARD.encode(key.0)).map_err(|error| error.to_string())?;
                // Another process starting at the same moment may have been first: the file decides.
                Self::from_file(path, false)
            }
            Err(error) => Err(format!("the master key file {} cannot be read: {error}", path.display())),
        }
    }

    /// The published key of demonstrations on PostgreSQL: worthless as a secret, and refused for anything else.
    pub fn demonstration() -> Self {
        Self(*b"approdo-demonstration-only-key!!")
    }

    /// A secret that this key and a name always give again.
    pub fn derive(&self, name: &str) -> String {
        let mut secret = [0; 18];
        // 18 bytes are far below what HKDF can expand to, so this cannot fail.
        let _ = Hkdf::<Sha256>::new(None, &self.0).expand(name.as_bytes(), &mut secret);
        BASE64_URL_SAFE_NO_PAD.encode(secret)
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(&self.0)
    }
}

/// Makes a file that its owner alone can read, whole or not at all: it gets its name when everything is in it. Where the name is
/// taken already, that file stays.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", uuid::Uuid::new_v4()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let named =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match named {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// XChaCha20-Poly1305 with a random nonce before the sealed text.
#[derive(Clone)]
struct Cipher(XChaCha20Poly1305);

impl Cipher {
    fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(*key)))
    }

    fn seal(&self, plain: &[u8], context: &[u8]) -> ApiResult<Vec<u8>> {
        let nonce = random::<NONCE>()?;
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context })
            .map_err(|_| ApiError::fault("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
    }
}

define_id! {
    /// The id of a wrapped key; a token names its signing key by it.
    KeyId;
}

/// Seconds a new key is known before it is used: by then every process has read it, and every reader of the public keys that asks
/// again within the minutes `jwks.json` may be kept.
pub const KNOWN_BEFORE_USE: i64 = 600;

struct SigningKey {
    id: KeyId,
    made_at: Timestamp,
    encoding: EncodingKey,
    decoding: Arc<DecodingKey>,
    public: Jwk,
}

struct CursorKey {
    id: KeyId,
    made_at: Timestamp,
    cipher: Cipher,
}

#[derive(Default)]
struct Ring {
    // Newest first: the first that is known long enough signs and seals, all verify and open.
    signing: Vec<SigningKey>,
    cursors: Vec<CursorKey>,
}

impl Ring {
    fn ids(&self) -> Vec<KeyId> {
        self.signing.iter().map(|key| key.id).chain(self.cursors.iter().map(|key| key.id)).collect()
    }
}

/// The newest key that everyone knows by now; in a new deployment the only one.
fn in_use<T>(keys: &[T], made_at: impl Fn(&T) -> Timestamp) -> Option<&T> {
    let now = clock::now();
    keys.iter().find(|key| clock::after(made_at(key), KNOWN_BEFORE_USE) <= now).or(keys.last())
}

/// The keys in use.
pub struct Keys {
    master: MasterKey,
    ring: RwLock<Ring>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = deployment_keys, treat_none_as_default_value = false)]
struct KeyRow {
    id: KeyId,
    purpose: String,
    wrapped: Vec<u8>,
    created_at: Timestamp,
    retired_at: Option<Timestamp>,
}

impl Keys {
    pub fn new(master: MasterKey) -> Self {
        Self { master, ring: RwLock::default() }
    }

    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Makes the keys a new deployment lacks. Call inside the transaction that holds the deployment's lock.
    pub fn create_missing(&self, connection: &mut Connection) -> ApiResult<()> {
        for purpose in ["signing", "cursor"] {
            let existing: i64 =
                deployment_keys::table.filter(deployment_keys::purpose.eq(purpose)).count().get_result(connection)?;
            if existing == 0 {
                self.add(connection, purpose)?;
            }
        }
        Ok(())
    }

    /// Adds a key that is used once it is known everywhere; the older ones go on verifying.
    pub fn add(&self, connection: &mut Connection, purpose: &str) -> ApiResult<KeyId> {
        self.add_made_at(connection, purpose, clock::now())
    }

    /// The same, to be used at once: for a key that has leaked. Processes that have not read it yet refuse its tokens for seconds.
    pub fn add_for_use_at_once(&self, connection: &mut Connection, purpose: &str) -> ApiResult<KeyId> {
        self.add_made_at(connection, purpose, clock::after(clock::now(), -KNOWN_BEFORE_USE))
    }

    fn add_made_at(&self, connection: &mut Connection, purpose: &str, made_at: Timestamp) -> ApiResult<KeyId> {
        let id = KeyId::new();
        let plain = match purpose {
            "signing" => new_signing_key()?,
            _ => random::<32>()?.to_vec(),
        };
        let wrapped = self.master.cipher().seal(&plain, context(purpose, id).as_bytes())?;
        let row = KeyRow { id, purpose: purpose.to_owned(), wrapped, created_at: made_at, retired_at: None };
        diesel::insert_into(deployment_keys::table).values(row).execute(connection)?;
        Ok(id)
    }

    /// Ends a key: what it signed or sealed is refused as soon as each process has noticed. The key in use cannot be retired:
    /// add its successor first.
    pub fn retire(&self, connection: &mut Connection, id: KeyId) -> ApiResult<()> {
        self.load(connection)?;
        match self.listed().into_iter().find(|(key, ..)| *key == id) {
            None => return Err(ApiError::fault("there is no such key")),
            Some((.., true)) => return Err(ApiError::fault("this key is in use: add its successor first")),
            Some(_) => {}
        }
        diesel::update(deployment_keys::table.find(id))
            .set(deployment_keys::retired_at.eq(clock::now()))
            .execute(connection)?;
        Ok(())
    }

    /// The keys that are not retired: id, purpose, when made, whether in use.
    pub fn listed(&self) -> Vec<(KeyId, &'static str, Timestamp, bool)> {
        let ring = self.ring.read();
        let used = in_use(&ring.signing, |key| key.made_at).map(|key| key.id);
        let sealing = in_use(&ring.cursors, |key| key.made_at).map(|key| key.id);
        let signing = ring.signing.iter().map(|key| (key.id, "signing", key.made_at, Some(key.id) == used));
        let cursors = ring.cursors.iter().map(|key| (key.id, "cursor", key.made_at, Some(key.id) == sealing));
        signing.chain(cursors).collect()
    }

    /// Reads the keys from the database; tells whether they are others than before. Fails where the master key is not the one that
    /// wrapped them.
    pub fn load(&self, connection: &mut Connection) -> ApiResult<bool> {
        let rows: Vec<KeyRow> = deployment_keys::table
            .filter(deployment_keys::retired_at.is_null())
            .order((deployment_keys::created_at.desc(), deployment_keys::id.desc()))
            .load(connection)?;
        let cipher = self.master.cipher();
        let mut ring = Ring::default();
        for row in rows {
            let plain = cipher
                .open(&row.wrapped, context(&row.purpose, row.id).as_bytes())
                .ok_or_else(|| ApiError::fault("the master key does not open the keys of this database"))?;
            match row.purpose.as_str() {
                "signing" => ring.signing.push(signing_key(row.id, row.created_at, &plain)?),
                "cursor" => {
                    let key = plain
                        .as_slice()
                        .try_into()
                        .map_err(|_| ApiError::fault("a cursor key has the wrong length"))?;
                    ring.cursors.push(CursorKey { id: row.id, made_at: row.created_at, cipher: Cipher::new(key) });
                }
                _ => {}
            }
        }
        let mut held = self.ring.write();
        let changed = held.ids() != ring.ids();
        *held = ring;
        Ok(changed)
    }

    /// The key that signs, and its id.
    pub fn signing(&self) -> ApiResult<(String, EncodingKey)> {
        let ring = self.ring.read();
        let key = in_use(&ring.signing, |key| key.made_at).ok_or_else(|| ApiError::fault("there is no signing key"))?;
        Ok((key.id.to_string(), key.encoding.clone()))
    }

    /// The key that verifies a token with this `kid`.
    pub fn verifying(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        let id = kid.parse().map(KeyId).ok()?;
        self.ring.read().signing.iter().find(|key| key.id == id).map(|key| key.decoding.clone())
    }

    /// The public keys, for `/.well-known/jwks.json`.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.ring.read().signing.iter().map(|key| key.public.clone()).collect() }
    }

    /// Encrypts and authenticates a cursor.
    pub fn seal_cursor(&self, plain: &[u8]) -> ApiResult<String> {
        let ring = self.ring.read();
        let key = in_use(&ring.cursors, |key| key.made_at).ok_or_else(|| ApiError::fault("there is no cursor key"))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(key.cipher.seal(plain, b"cursor")?))
    }

    /// What a cursor says, where one of our keys sealed it.
    pub fn open_cursor(&self, sealed: &str) -> Option<Vec<u8>> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        self.ring.read().cursors.iter().find_map(|key| key.cipher.open(&sealed, b"cursor"))
    }
}

fn context(purpose: &str, id: KeyId) -> String {
    format!("{purpose}:{id}")
}

fn new_signing_key() -> ApiResult<Vec<u8>> {
    use p256::pkcs8::EncodePrivateKey as _;
    // A random 256-bit number is outside the curve's order about once in 2^32 tries.
    for _ in 0..8 {
        if let Ok(secret) = p256::SecretKey::from_slice(&random::<32>()?) {
            return Ok(secret.to_pkcs8_der().map_err(ApiError::fault)?.as_bytes().to_vec());
        }
    }
    Err(ApiError::fault("no signing key could be made"))
}

fn signing_key(id: KeyId, made_at: Timestamp, der: &[u8]) -> ApiResult<SigningKey> {
    let encoding = EncodingKey::from_ec_der(der);
    let mut public = Jwk::from_encoding_key(&encoding, Algorithm::ES256).map_err(ApiError::fault)?;
    public.common.key_id = Some(id.to_string());
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    let decoding = Arc::new(DecodingKey::from_jwk(&public).map_err(ApiError::fault)?);
    Ok(SigningKey { id, made_at, encoding, decoding, public })
}

//! The secrets of a link: a token in its address, a code that is told by another way, and a token for the answer.

use sha2::{Digest as _, Sha256};
use validator::ValidationError;

use crate::access::keys::{MasterKey, random};
use crate::access::sessions;
use crate::app::App;
use crate::error::ApiResult;
use crate::referrals::types::ReferralId;

/// Letters of a token: 256 bits in URL-safe base64.
const TOKEN_LENGTH: usize = 43;
const CODE_LENGTH: usize = 8;
/// Without 0 and O, 1 and I: it is read out on the telephone. As many as five bits tell apart, so that none is likelier.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A new token with what is kept of it.
pub fn new_token() -> ApiResult<(String, Vec<u8>)> {
    let token = sessions::new_secret()?;
    let digest = sessions::digest(&token);
    Ok((token, digest))
}

/// A new access code: 40 random bits, of which a link lets five guesses be made.
pub fn new_code() -> ApiResult<String> {
    let bytes = random::<CODE_LENGTH>()?;
    Ok(bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|byte| char::from(*byte)).collect())
}

/// What is kept of an access code. Forty bits are soon tried through, so the digest takes a key that is not in the database, as NIST SP
/// 800-63B-4 advises for secrets that people type: a dump alone is of no use. Unlike argon2 it lets nobody without an account make the
/// server work, and guesses are counted anyway.
pub fn code_digest(master: &MasterKey, referral: ReferralId, code: &str) -> Vec<u8> {
    let pepper = master.derive("partner access code");
    Sha256::digest(format!("{pepper}\0{referral}\0{}", code.to_ascii_uppercase())).to_vec()
}

/// The address of a link. The token is in the fragment: neither a server's log nor a `Referer` ever holds it.
pub fn address(app: &App, token: &str) -> String {
    format!("{}#token={token}", app.settings.partner_portal_url)
}

/// Whether a text can be a token. What is told of one that cannot does not repeat it.
pub fn token_shaped(token: &str) -> Result<(), ValidationError> {
    let shaped = token.len() == TOKEN_LENGTH
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if shaped { Ok(()) } else { Err(ValidationError::new("token").with_message("is not a token of a link".into())) }
}

/// Whether a text can be an access code, in capitals or not.
pub fn code_shaped(code: &str) -> Result<(), ValidationError> {
    let shaped = code.len() == CODE_LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte.to_ascii_uppercase()));
    let message = "must be the eight letters and digits that were told; there is no 0, 1, I or O among them";
    if shaped { Ok(()) } else { Err(ValidationError::new("access_code").with_message(message.into())) }
}

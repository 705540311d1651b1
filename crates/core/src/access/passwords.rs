//! Passwords: argon2id (RFC 9106) behind a semaphore, so that a burst of logins cannot take all memory.

#[cfg(test)]
mod tests;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{ApiError, ApiResult};

/// Characters a new password needs at least (NIST SP 800-63B-4 asks for 15 where it is the only factor; 12 with throttling
/// is the OWASP figure).
pub const MIN_LENGTH: u64 = 12;
/// Characters a password may have at most.
pub const MAX_LENGTH: u64 = 256;

const AT_ONCE: usize = 2;
// OWASP's first recommended parameter set: 46 MiB, one pass, one lane. Above 32 MiB the C library's allocator maps a block of its
// own and gives it back to the system when the login is over; the sets with less memory stay with the process.
const MEMORY_KIB: u32 = 46 * 1024;
const PASSES: u32 = 1;

/// Hashes and verifies passwords.
pub struct Passwords {
    permits: Semaphore,
}

/// What a password is verified against when there is no such user, so that the time taken tells nothing. Salt and hash are random bits:
/// nobody knows a password to them.
fn decoy() -> String {
    format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$sENUIvCKBJnBUMfv1fBj+Q$wH9FN7xVGR/o58L/GQ1Sfi1YsgX16c07SsBUIjJRtKs"
    )
}

fn argon2() -> ApiResult<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(ApiError::fault)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password. Blocking; takes tens of milliseconds.
pub fn hash(password: &str) -> ApiResult<String> {
    Ok(argon2()?.hash_password(password.as_bytes()).map_err(ApiError::fault)?.to_string())
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|parsed| argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &parsed).is_ok()))
}

impl Default for Passwords {
    fn default() -> Self {
        Self { permits: Semaphore::new(AT_ONCE) }
    }
}

impl Passwords {
    /// Runs `work`, which hashes or verifies, off the async threads and not too often at once.
    async fn guarded<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
        let _permit = self.permits.acquire().await.map_err(ApiError::fault)?;
        actix_web::web::block(work).await.map_err(ApiError::fault)
    }

    /// Whether the password belongs to the hash; takes as long where there is no hash.
    pub async fn verify(&self, password: String, hash: Option<String>) -> ApiResult<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(decoy);
        Ok(self.guarded(move || matches(&password, &hash)).await? && known)
    }

    pub async fn hash(&self, password: String) -> ApiResult<String> {
        self.guarded(move || hash(&password)).await?
    }
}

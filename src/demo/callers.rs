//! The demonstration's callers. Their secrets come from the master key and the caller's name, so that they can be printed again.

use serde::{Deserialize, Serialize};

use crate::access::keys::MasterKey;
use crate::access::{PrincipalId, Role};

const SHIPPED: &str = include_str!("../../demo/callers.json");

/// A caller of the demonstration.
#[derive(Debug, Deserialize)]
pub struct DemoCaller {
    pub name: String,
    pub kind: String,
    pub role: Role,
    pub display_name: String,
    pub organisation: String,
    pub grants: Vec<DemoGrant>,
}

/// What a caller of the demonstration is granted.
#[derive(Debug, Deserialize)]
pub struct DemoGrant {
    pub role: Role,
    pub organisation: String,
    pub territories: Vec<String>,
    pub target_groups: Vec<String>,
}

#[derive(Deserialize)]
struct Shipped {
    callers: Vec<DemoCaller>,
}

/// How to log in as a caller.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Credentials {
    User { role: Role, username: String, password: String },
    Client { role: Role, client_id: PrincipalId, client_secret: String },
}

/// The callers, the one of each role that is shown first.
pub fn all() -> Result<Vec<DemoCaller>, serde_json::Error> {
    Ok(serde_json::from_str::<Shipped>(SHIPPED)?.callers)
}

impl DemoCaller {
    pub fn is_client(&self) -> bool {
        self.kind == "api_client"
    }

    pub fn secret(&self, master: &MasterKey) -> String {
        master.derive(&format!("demonstration caller {}", self.name))
    }

    /// Machine clients log in by id, so theirs must be known beforehand: derived from the name (UUIDv5 would need another hash).
    pub fn id(&self) -> PrincipalId {
        use sha2::{Digest as _, Sha256};
        let digest = Sha256::digest(format!("approdo demonstration caller {}", self.name));
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, value)| *byte = value);
        PrincipalId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    pub fn credentials(&self, master: &MasterKey) -> Credentials {
        if self.is_client() {
            Credentials::Client { role: self.role, client_id: self.id(), client_secret: self.secret(master) }
        } else {
            Credentials::User { role: self.role, username: self.name.clone(), password: self.secret(master) }
        }
    }
}

/// Every caller, by role.
pub fn everyone(master: &MasterKey) -> Result<Vec<Credentials>, serde_json::Error> {
    Ok(all()?.iter().map(|caller| caller.credentials(master)).collect())
}

/// One caller a role.
pub fn shown(master: &MasterKey) -> Result<Vec<Credentials>, serde_json::Error> {
    let callers = all()?;
    Ok(Role::ALL
        .iter()
        .filter_map(|role| callers.iter().find(|caller| caller.role == *role))
        .map(|caller| caller.credentials(master))
        .collect())
}

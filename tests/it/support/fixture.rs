//! What every test finds: two municipalities of one region and a caller for each role.

use approdo::access::grants::{self, NewGrant};
use approdo::access::users::{self, NewUser};
use approdo::access::{GrantId, OrganisationId, PrincipalId, PrincipalStatus, Role, TerritoryId, api_clients, auth};
use approdo::config::DatabaseArgs;
use approdo::directory::organisation_handlers as organisations;
use approdo::directory::organisations::OrganisationRow;
use approdo::server::{self, Parts};
use approdo::territory::territories::{self, Territory};
use approdo::work::{self, Unit};
use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};

/// Ids and names of the furniture.
#[derive(Debug, Clone)]
pub struct Fixture {
    pub root: OrganisationId,
    pub comune_udine: OrganisationId,
    pub comune_trieste: OrganisationId,
    pub region: TerritoryId,
    pub udine: TerritoryId,
    pub trieste: TerritoryId,
    pub callers: Vec<FixtureCaller>,
}

/// A caller with the way to log in.
#[derive(Debug, Clone)]
pub struct FixtureCaller {
    pub name: &'static str,
    pub role: Role,
    pub id: PrincipalId,
    pub is_client: bool,
}

/// The password or secret of every caller.
pub const SECRET: &str = "correct horse battery staple";

/// Makes the database and puts the furniture in.
pub fn furnish(database: &DatabaseArgs) -> Fixture {
    let running = server::assemble(database, Parts::offline(false)).expect("the template can be made");
    let fixture = work::run_as_system(&running.app, "test", |unit| Ok(put(unit))).expect("the furniture fits");
    running.stop();
    fixture
}

/// A hash whose verification takes no time: most tests log somebody in who is there before they begin. How passwords are hashed that are
/// set over HTTP, is seen there.
fn quick_hash(password: &str) -> String {
    let least = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None).expect("parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, least);
    argon2.hash_password(password.as_bytes()).expect("a hash").to_string()
}

fn put(unit: &mut Unit<'_>) -> Fixture {
    let organisation = |unit: &mut Unit<'_>, name: &str, kind: &str, parent_id| {
        let row = OrganisationRow::new(unit.now, name.into(), kind.into(), parent_id);
        organisations::add(unit, &row).expect("an organisation");
        row.id
    };
    let territory = |unit: &mut Unit<'_>, kind: &str, system: &str, code: &str, name: &str, parent_id| {
        let row = Territory {
            id: TerritoryId::new(),
            kind: kind.into(),
            code_system: system.into(),
            code: code.into(),
            name: name.into(),
            country_code: "IT".into(),
            parent_id,
            valid_from: "1970-01-01".parse().expect("a date"),
            valid_to: None,
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
        };
        territories::add(unit, &row, "the fixture").expect("a territory");
        row.id
    };
    let root = organisation(unit, "Regione", "region", None);
    let comune_udine = organisation(unit, "Comune di Udine", "municipality", Some(root));
    let comune_trieste = organisation(unit, "Comune di Trieste", "municipality", Some(root));
    let italy = territory(unit, "country", "iso3166", "IT", "Italia", None);
    let region = territory(unit, "region", "istat", "06", "Friuli-Venezia Giulia", Some(italy));
    let udine = territory(unit, "municipality", "istat", "030129", "Udine", Some(region));
    let trieste = territory(unit, "municipality", "istat", "032006", "Trieste", Some(region));
    let mut fixture = Fixture { root, comune_udine, comune_trieste, region, udine, trieste, callers: Vec::new() };
    let hash = quick_hash(SECRET);
    for (name, role, organisation, territory) in [
        ("anna_system_administrator", Role::SystemAdministrator, root, italy),
        ("paolo_organisation_administrator", Role::OrganisationAdministrator, comune_udine, udine),
        ("maria_case_manager", Role::CaseManager, comune_udine, udine),
        ("samira_help_desk_operator", Role::HelpDeskOperator, comune_udine, udine),
        ("lorenzo_training_organiser", Role::TrainingOrganiser, comune_udine, udine),
        ("elena_observatory_analyst", Role::ObservatoryAnalyst, root, region),
        ("bruno_steering_reader", Role::SteeringReader, root, region),
        ("nadia_anti_discrimination_officer", Role::AntiDiscriminationOfficer, comune_udine, udine),
        ("giulia_auditor", Role::Auditor, root, italy),
        ("regional_sync_client", Role::SyncClient, root, region),
        ("matej_case_manager_in_trieste", Role::CaseManager, comune_trieste, trieste),
        ("igor_anti_discrimination_officer_in_trieste", Role::AntiDiscriminationOfficer, comune_trieste, trieste),
    ] {
        let id = PrincipalId::new();
        let is_client = role == Role::SyncClient;
        if is_client {
            api_clients::insert(unit, id, name, organisation, SECRET).expect("a client");
        } else {
            let user = NewUser {
                username: name.into(),
                display_name: name.into(),
                email: None,
                organisation_id: organisation,
            };
            users::invite(unit, id, &user).expect("a user");
            users::activate(unit.connection, id, PrincipalStatus::Active).expect("active");
            auth::set_password(unit.connection, id, &hash, None).expect("a password");
        }
        let grant = NewGrant {
            principal_id: id,
            role,
            organisation_id: organisation,
            territory_ids: vec![territory],
            target_groups: Vec::new(),
        };
        grants::give(unit, GrantId::new(), &grant).expect("a grant");
        fixture.callers.push(FixtureCaller { name, role, id, is_client });
    }
    fixture
}

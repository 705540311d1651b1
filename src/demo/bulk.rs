//! A large, invented deployment for measurements: many cases over many municipalities, loaded through the write path, so that
//! history and feed are real.

use std::sync::atomic::{AtomicI64, Ordering};

use approdo_db::Json;
use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::access::grants::{self, NewGrant};
use crate::access::users::{self, NewUser};
use crate::access::{GrantId, OrganisationId, PrincipalId, PrincipalStatus, Role, TerritoryId, auth, passwords};
use crate::app::App;
use crate::cases::rules::CaseStatus;
use crate::cases::types::{CaseId, CaseRow};
use crate::cases::{handlers as cases, queries, reference};
use crate::clock;
use crate::demo;
use crate::directory::organisation_handlers as organisations;
use crate::directory::organisations::OrganisationRow;
use crate::error::ApiResult;
use crate::people::processing::Processing;
use crate::people::queries as people;
use crate::people::types::{PersonId, PersonRow};
use crate::territory::territories::{self, Territory};
use crate::work::{self, Operation, Unit};

/// Municipalities of the invented country.
pub const MUNICIPALITIES: usize = 8_000;
/// Municipalities in each region; the first region is what wide callers are measured on.
const REGION: usize = 300;
/// Cases written in one transaction.
const BATCH: usize = 500;
const LOADERS: usize = 3;
const GROUPS: [&str; 4] = ["refugee", "eu_citizen", "worker", "family_member"];
const STATUSES: [CaseStatus; 5] =
    [CaseStatus::Intake, CaseStatus::Assessment, CaseStatus::Planning, CaseStatus::Active, CaseStatus::Closed];

/// Where the cases go.
struct Ground {
    owner: OrganisationId,
    municipalities: Vec<TerritoryId>,
}

/// Loads `count` cases, a tenth of them into the largest city. Callers: `bench_municipality`, `bench_region`, `bench_city`,
/// `bench_country` (case managers) and `bench_sync`.
pub fn load(app: &App, count: usize) -> ApiResult<()> {
    let ground = work::run_as_system(app, "bulk load", lay_ground)?;
    let done = AtomicI64::new(0);
    let next = AtomicI64::new(0);
    let total = i64::try_from(count).unwrap_or(i64::MAX);
    std::thread::scope(|scope| {
        let loaders: Vec<_> = (0..LOADERS)
            .map(|_| {
                scope.spawn(|| -> ApiResult<()> {
                    let batch = i64::try_from(BATCH).unwrap_or(1);
                    loop {
                        let first = next.fetch_add(batch, Ordering::Relaxed);
                        if first >= total {
                            return Ok(());
                        }
                        let last = (first + batch).min(total);
                        work::run_as_system(app, "bulk load", |unit| {
                            (first..last).try_for_each(|number| add(unit, &ground, number))
                        })?;
                        let so_far = done.fetch_add(last - first, Ordering::Relaxed) + last - first;
                        if so_far % 50_000 < batch {
                            log::info!("{so_far} of {total} cases");
                        }
                    }
                })
            })
            .collect();
        loaders.into_iter().try_for_each(|loader| {
            loader.join().unwrap_or_else(|_| Err(crate::error::ApiError::fault("a loader panicked")))
        })
    })
}

fn lay_ground(unit: &mut Unit<'_>) -> ApiResult<Ground> {
    demo::mark(unit)?;
    let root = OrganisationRow::new(unit.now, "Measured deployment".into(), "other".into(), None);
    organisations::add(unit, &root)?;
    let owner = root.id;
    let country = place(unit, "country", "M".into(), None)?;
    let mut regions = Vec::new();
    let mut municipalities = Vec::new();
    for number in 0..MUNICIPALITIES {
        if number % REGION == 0 {
            regions.push(place(unit, "region", format!("M{:02}", number / REGION), Some(country))?);
        }
        let region = regions.last().copied();
        municipalities.push(place(unit, "municipality", format!("M{number:05}"), region)?);
    }
    let hash = passwords::hash(&unit.app.keys.master().derive("bulk load"))?;
    let reach =
        [("municipality", municipalities.get(7)), ("city", municipalities.first()), ("region", regions.first())];
    for (name, territory) in reach.into_iter().chain([("country", Some(&country))]) {
        caller(unit, &format!("bench_{name}"), Role::CaseManager, owner, territory.copied(), &hash)?;
    }
    caller(unit, "bench_sync", Role::SyncClient, owner, Some(country), &hash)?;
    Ok(Ground { owner, municipalities })
}

fn place(unit: &mut Unit<'_>, kind: &str, code: String, parent_id: Option<TerritoryId>) -> ApiResult<TerritoryId> {
    let id = TerritoryId::new();
    let row = Territory {
        id,
        kind: kind.into(),
        code_system: "own".into(),
        name: format!("Invented {kind} {code}"),
        code,
        country_code: "IT".into(),
        parent_id,
        valid_from: NaiveDate::default(),
        valid_to: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    territories::add(unit, &row, "invented for measurements")?;
    Ok(id)
}

fn caller(
    unit: &mut Unit<'_>,
    name: &str,
    role: Role,
    organisation_id: OrganisationId,
    territory: Option<TerritoryId>,
    hash: &str,
) -> ApiResult<()> {
    let id = PrincipalId::new();
    let user = NewUser { username: name.into(), display_name: name.into(), email: None, organisation_id };
    users::invite(unit, id, &user)?;
    users::activate(unit.connection, id, PrincipalStatus::Active)?;
    auth::set_password(unit.connection, id, hash, None)?;
    let territory_ids = territory.into_iter().collect();
    let grant = NewGrant { principal_id: id, role, organisation_id, territory_ids, target_groups: Vec::new() };
    grants::give(unit, GrantId::new(), &grant)
}

/// Case `number`: a tenth in the city, the rest spread; every attribute follows from the number.
fn add(unit: &mut Unit<'_>, ground: &Ground, number: i64) -> ApiResult<()> {
    let index = usize::try_from(number).unwrap_or(0);
    let at = if index % 10 == 0 { 0 } else { (index.wrapping_mul(7919)) % ground.municipalities.len() };
    let pick = |list: &[&str]| list.get(index % list.len().max(1)).map(ToString::to_string).unwrap_or_default();
    let territory_id = ground.municipalities.get(at).copied().unwrap_or(TerritoryId(uuid::Uuid::nil()));
    let target_group = pick(&GROUPS);
    let person = PersonRow {
        id: PersonId::new(),
        owner_org_id: ground.owner,
        territory_id,
        target_group: Some(target_group.clone()),
        given_name: format!("Invented{}", index % 5_000),
        family_name: format!("Person{}", index % 20_000),
        date_of_birth: None,
        sex: None,
        tax_code: None,
        email: None,
        phone: None,
        citizenships: Json::of(["UA"]),
        languages: Json::of(["uk", "it"]),
        health_needs: None,
        notes: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        processing: Processing::Normal,
        age_band: None,
        given_name_latin: None,
        family_name_latin: None,
        interpreter_needed: false,
        interpreter_language: None,
        external_ids: Json::of([(); 0]),
    };
    people::insert(unit.connection, &person)?;
    let status = STATUSES.get(index / 4 % STATUSES.len()).copied().unwrap_or(CaseStatus::Intake);
    let opened_on = clock::date_of(unit.now) - Days::new(u64::try_from(index * 31 % 2_000).unwrap_or(0));
    let row = CaseRow {
        id: CaseId::new(),
        public_ref: reference::new()?,
        person_id: person.id,
        owner_org_id: ground.owner,
        territory_id,
        target_group,
        status,
        held_status: None,
        review_at: None,
        priority: "normal".into(),
        access_level: "open".into(),
        case_manager_id: None,
        legal_basis: Some("public_task".into()),
        summary: Some("An invented case for measurements; long enough to be like a real one.".into()),
        episode_no: 1,
        opened_on,
        closed_on: None,
        closing_reason: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        processing: Processing::Normal,
        external_ids: Json::of([(); 0]),
        household_id: None,
        arrived_on: None,
    };
    let change = cases::change(&row, None, Operation::Created, vec!["status", "person_id", "target_group"])?;
    unit.keep(queries::insert(&row), change).map(drop)
}

/// How many cases there are.
pub fn cases_loaded(app: &App) -> ApiResult<i64> {
    app.read_now(|connection| Ok(approdo_db::schema::cases::table.count().get_result(connection)?))
}

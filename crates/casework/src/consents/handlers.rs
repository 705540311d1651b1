//! Giving, listing and reading consents. There is no way to edit one.

use actix_web::{get, post};
use approdo_db::schema::{consents, organisations, relations};
use approdo_db::{Json, Prepared, Value};
use chrono::NaiveDate;
use diesel::prelude::*;
use validator::ValidationError;

use crate::access::caller::{Caller, actions, resources};
use crate::access::standing::Asks as _;
use crate::access::{Action, OrganisationId, Resource};
use crate::aggregate::{self, Child as _, visible};
use crate::attachments::types::{Attachment, AttachmentId, AttachmentStatus};
use crate::cases::confidentiality;
use crate::cases::queries as cases;
use crate::clock;
use crate::codes;
use crate::consents::rules::{self, CASE_WORK, Capacity, ConsentStatus, Standing};
use crate::consents::transitions;
use crate::consents::types::{Consent, ConsentId, ConsentPage, ConsentRow, GUARDED, NewConsent};
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfNoneMatch, Parameters};
use crate::offers;
use crate::paged_query;
use crate::people::kinship::RelationKind;
use crate::people::relation_rows::{RelationId, RelationRow};
use crate::people::types::{PersonId, PersonRow, Warning};
use crate::periods::Period;
use crate::referrals::revocation;
use crate::work::Unit;

paged_query! {
    /// How to list a person's consents.
    ConsentQuery {
        /// Those that stand so today.
        status: Option<ConsentStatus>,
        /// Those for this purpose: a code of `consent_purposes`.
        #[validate(length(min = 1, max = 40), custom(function = "code_shaped"))]
        #[param(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$")]
        purpose: Option<String>,
    }
}

fn code_shaped(code: &Option<String>) -> Result<(), ValidationError> {
    code.as_deref().map_or(Ok(()), codes::versions::code_shaped)
}

/// List a person's consents.
///
/// Oldest first, those that have ended included: what was lawful once can be shown.
#[utoipa::path(
    tag = "Consents",
    params(("person_id" = PersonId, Path, description = "The person."), ConsentQuery),
    responses((status = 200, description = "A page.", body = ConsentPage))
)]
#[get("/people/{person_id}/consents")]
pub async fn list_consents(
    door: Door,
    caller: Caller<actions::List, resources::Consents>,
    id: Id<PersonId>,
    query: Parameters<ConsentQuery>,
) -> ApiResult<Answer> {
    door.read("list_consents", caller, move |reader| {
        let today = clock::date_of(reader.now);
        let (page, person) =
            aggregate::list(reader, id.0, &query, |reader, asked: &ConsentQuery, person: &PersonRow, after, limit| {
                reader.load(listed(person.id, asked, today, after, limit))
            })?;
        let rights = reader.rights.clone();
        let page = page.try_map(|row: ConsentRow| Consent::shown(row, &person, &rights, today))?;
        Answer::ok(&ConsentPage::from(page))
    })
    .await
}

fn listed(
    person: PersonId,
    asked: &ConsentQuery,
    today: NaiveDate,
    after: ConsentId,
    limit: i64,
) -> Prepared<consents::SqlType> {
    let mut list = Prepared::select("r.*").sql(" FROM consents r WHERE r.person_id = ").bind(person);
    list = match asked.status {
        None => list,
        Some(ConsentStatus::Active) => list
            .sql(" AND r.status = 'active' AND (r.expires_on IS NULL OR r.expires_on > ")
            .bind(Value::Date(today))
            .sql(")"),
        Some(ConsentStatus::Expired) => list
            .sql(" AND (r.status = 'expired' OR (r.status = 'active' AND r.expires_on <= ")
            .bind(Value::Date(today))
            .sql("))"),
        Some(ended) => list.sql(" AND r.status = ").bind(Value::Text(ended.as_str().to_owned())),
    };
    if let Some(purpose) = &asked.purpose {
        // A list of codes reads alike in both databases; an underscore stands for any character unless it is escaped.
        let pattern = format!("%\"{}\"%", purpose.replace('_', "\\_"));
        list = list.sql(" AND CAST(r.purposes AS TEXT) LIKE ").bind(Value::Text(pattern)).sql(" ESCAPE '\\'");
    }
    list.sql(" AND r.id > ").bind(after).sql(" ORDER BY r.id LIMIT ").bind(Value::BigInt(limit))
}

/// Record a consent.
///
/// What the person, or whoever acts for a minor, agreed to (GDPR art. 6(1)(a), 7, 8, 9(2)(a)). It stays as it is recorded: another one
/// supersedes it, or it is withdrawn.
#[utoipa::path(
    tag = "Consents",
    params(("person_id" = PersonId, Path, description = "The person.")),
    request_body = NewConsent,
    responses((status = 201, description = "The consent.", body = Consent))
)]
#[post("/people/{person_id}/consents")]
pub async fn create_consent(
    door: Door,
    caller: Caller<actions::Create, resources::Consents>,
    id: Id<PersonId>,
    body: Body<NewConsent>,
) -> ApiResult<Answer> {
    door.write("create_consent", caller, Some(body.fingerprint()), move |unit| {
        let mut warnings = Vec::new();
        let (row, person) = aggregate::create(unit, id.0, &body, |unit, id, person, new| {
            let (row, told) = add(unit, id, person, new)?;
            warnings = told;
            Ok(row)
        })?;
        let consent = Consent::shown(row, &person, &unit.rights, clock::date_of(unit.now))?;
        unit.created(&format!("/consents/{}", consent.id), consent.version, &Consent { warnings, ..consent })
    })
    .await
}

/// Records a consent of a locked person; used by the demonstration data as well.
pub fn add(
    unit: &mut Unit<'_>,
    id: ConsentId,
    person: &PersonRow,
    new: NewConsent,
) -> ApiResult<(ConsentRow, Vec<Warning>)> {
    unit.rights.fields_at(&person.place()).require_writable(&GUARDED, new.guarded())?;
    check_codes(unit, &new)?;
    check_recipients(unit, &new.recipient_ids)?;
    check_interpreter(&new)?;
    let today = clock::date_of(unit.now);
    let given_on = new.given_on.unwrap_or(today);
    let capacity = rules::capacity(person.date_of_birth, person.target_group.as_deref(), given_on);
    let standing = standing(person, &new, (given_on, today), capacity)?;
    check_guardian(unit, person, new.guardian_relation_id, given_on, capacity)?;
    check_evidence(unit, person, new.evidence.is_some(), new.evidence_attachment_id)?;
    if let Some(earlier) = new.supersedes_id {
        supersede(unit, person, earlier, standing)?;
    }
    let warnings = warnings(&new, capacity);
    let row = ConsentRow {
        id,
        person_id: person.id,
        status: standing.status,
        purposes: Json::of(each_once(new.purposes)),
        data_categories: Json::of(each_once(new.data_categories)),
        recipient_ids: Json::of(each_once(new.recipient_ids)),
        recipient_kinds: Json::of(each_once(new.recipient_kinds)),
        onward_sharing: new.onward_sharing,
        notice_version: new.notice_version,
        notice_language: new.notice_language,
        interpreter_needed: new.interpreter_needed,
        interpreter_name: new.interpreter_name,
        interpreter_language: new.interpreter_language,
        method: new.method,
        evidence: new.evidence,
        evidence_attachment_id: new.evidence_attachment_id,
        given_on,
        valid_from: standing.valid_from,
        expires_on: standing.expires_on,
        guardian_relation_id: new.guardian_relation_id,
        supersedes_id: new.supersedes_id,
        ended_on: standing.ended_on,
        withdrawn_by: None,
        withdrawal_method: None,
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        notice_published_on: new.notice_published_on,
    };
    aggregate::add(unit, &row, person, &ConsentRow::MEMBERS)?;
    if let Some(earlier) = row.supersedes_id {
        // These lock their cases, so they come before the referrals, which hold theirs.
        offers::ending::of_superseded(unit, earlier)?;
        revocation::of_superseded(unit, earlier)?;
    }
    Ok((row, warnings))
}

fn each_once<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut once = Vec::with_capacity(items.len());
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

fn check_codes(unit: &Unit<'_>, new: &NewConsent) -> ApiResult<()> {
    codes::check_all(unit.app, "consent_purposes", "purposes", &new.purposes)?;
    codes::check_all(unit.app, "organisation_kinds", "recipient_kinds", &new.recipient_kinds)?;
    codes::check(unit.app, "consent_methods", "method", &new.method)
}

fn check_recipients(unit: &mut Unit<'_>, ids: &[OrganisationId]) -> ApiResult<()> {
    let known: Vec<OrganisationId> = organisations::table
        .filter(organisations::id.eq_any(ids.to_vec()))
        .select(organisations::id)
        .load(unit.connection)?;
    match ids.iter().position(|id| !known.contains(id)) {
        Some(index) => Err(ApiError::unknown_reference(&format!("recipient_ids/{index}"))),
        None => Ok(()),
    }
}

fn check_interpreter(new: &NewConsent) -> ApiResult<()> {
    let told = new.interpreter_name.is_some() || new.interpreter_language.is_some();
    match (new.interpreter_needed, told) {
        (true, false) => Err(ApiError::invalid_member("interpreter_language", "say who interpreted, or into what")),
        (false, true) => Err(ApiError::invalid_member("interpreter_needed", "must be true where somebody interpreted")),
        _ => Ok(()),
    }
}

/// The time it holds, by what was agreed and by the age of who agreed.
fn standing(
    person: &PersonRow,
    new: &NewConsent,
    (given_on, today): (NaiveDate, NaiveDate),
    capacity: Capacity,
) -> ApiResult<Standing> {
    let refuse = |member: &str, detail: &str| Err(ApiError::invalid_member(member, detail));
    if given_on > today {
        return refuse("given_on", "must not be in the future");
    }
    if person.date_of_birth.is_some_and(|birth| given_on < birth) {
        return refuse("given_on", "must not be before the person was born");
    }
    if new.notice_published_on.is_some_and(|published| published > given_on) {
        return refuse(
            "notice_published_on",
            "must not be after given_on: nobody agrees to a notice that there is not yet",
        );
    }
    let valid_from = new.valid_from.unwrap_or(given_on);
    if valid_from < given_on {
        return refuse("valid_from", "must not be before given_on");
    }
    if new.expires_on.is_some_and(|end| end <= valid_from) {
        return refuse("expires_on", "must be after valid_from");
    }
    let Capacity::Minor(Some(of_age)) = capacity else { return Ok(Standing::given(valid_from, new.expires_on)) };
    if valid_from >= of_age {
        return refuse("valid_from", "must be before the eighteenth birthday: then the person consents alone");
    }
    if new.expires_on.is_some_and(|end| end > of_age) {
        return refuse("expires_on", "must not be after the eighteenth birthday: then the person consents alone");
    }
    Ok(Standing::given(valid_from, new.expires_on.or(Some(of_age))))
}

/// A minor consents through whoever holds parental responsibility (GDPR art. 8; Italian civil code, art. 316 and 357; §§ 1626 and 1789
/// BGB). Where a date of birth is not known nobody is made to invent one.
fn check_guardian(
    unit: &mut Unit<'_>,
    person: &PersonRow,
    relation: Option<RelationId>,
    given_on: NaiveDate,
    capacity: Capacity,
) -> ApiResult<()> {
    const MEMBER: &str = "guardian_relation_id";
    let id = match (relation, capacity) {
        (Some(_), Capacity::Adult) => {
            return Err(ApiError::invalid_member(MEMBER, "is for minors alone: an adult consents alone"));
        }
        (None, Capacity::Minor(_)) => {
            return Err(ApiError::invalid_member(MEMBER, "is required for a minor"));
        }
        (None, _) => return Ok(()),
        (Some(id), _) => id,
    };
    let row: Option<RelationRow> = relations::table.find(id).first(unit.connection).optional()?;
    let responsible = |row: &RelationRow| {
        row.object_id == person.id && matches!(row.kind, RelationKind::GuardianOf | RelationKind::ParentOf)
    };
    let row = row.filter(responsible).ok_or_else(|| ApiError::unknown_reference(MEMBER))?;
    if row.period().overlaps(Period { from: given_on, to: given_on.succ_opt() }) {
        Ok(())
    } else {
        Err(ApiError::invalid_member(MEMBER, "must hold on given_on"))
    }
}

/// Whoever processes data must be able to show the consent (GDPR art. 7(1)).
fn check_evidence(
    unit: &mut Unit<'_>,
    person: &PersonRow,
    told: bool,
    attachment: Option<AttachmentId>,
) -> ApiResult<()> {
    const MEMBER: &str = "evidence_attachment_id";
    let Some(id) = attachment else {
        let detail = "say, or attach, by what the consent can be shown";
        return if told { Ok(()) } else { Err(ApiError::invalid_member("evidence", detail)) };
    };
    let unknown = || ApiError::unknown_reference(MEMBER);
    let attachment = Attachment::find(unit.connection, id).optional()?.ok_or_else(unknown)?;
    let case = cases::find(unit, attachment.case_id)?;
    let in_sight = case.person_id == person.id
        && unit.rights.may_at(Action::Read, Resource::Attachments, &case.place())
        && confidentiality::in_sight(&attachment, &unit.rights, &case);
    match attachment.status {
        _ if !in_sight => Err(unknown()),
        AttachmentStatus::AwaitingContent => Err(ApiError::invalid_member(MEMBER, "has no content yet")),
        AttachmentStatus::Stored => Ok(()),
    }
}

/// Ends the consent that another one, which begins to hold, stands in place of.
fn supersede(unit: &mut Unit<'_>, person: &PersonRow, earlier: ConsentId, new: Standing) -> ApiResult<()> {
    const MEMBER: &str = "supersedes_id";
    let earlier = ConsentRow::find(unit.connection, earlier).optional()?;
    let earlier = earlier.filter(|earlier| earlier.person_id == person.id);
    let earlier = earlier.ok_or_else(|| ApiError::unknown_reference(MEMBER))?;
    if !new.holds_on(clock::date_of(unit.now)) {
        return Err(ApiError::invalid_member(MEMBER, "only a consent that holds today stands in place of another"));
    }
    transitions::end(unit, earlier, person, ConsentStatus::Superseded).map(drop)
}

fn warnings(new: &NewConsent, capacity: Capacity) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if capacity == Capacity::Unknown && new.guardian_relation_id.is_none() {
        let detail = "the date of birth is not known: a minor cannot consent alone";
        warnings.push(Warning {
            code: "age_unknown",
            pointer: Some("#/guardian_relation_id"),
            detail: detail.to_owned(),
        });
    }
    let stays = new.recipient_ids.is_empty() && new.recipient_kinds.is_empty();
    if stays && new.purposes.iter().any(|purpose| purpose != CASE_WORK) {
        let detail = "no recipient is named: nothing can be sent to another organisation on this consent";
        warnings.push(Warning { code: "no_recipient", pointer: Some("#/recipient_ids"), detail: detail.to_owned() });
    }
    warnings
}

/// Read a consent.
///
/// Of a person in your scope, as it stands today. It stays when it has ended, and without its texts when the person was erased.
#[utoipa::path(
    tag = "Consents",
    params(("consent_id" = ConsentId, Path, description = "The consent.")),
    responses((status = 200, description = "The consent.", body = Consent))
)]
#[get("/consents/{consent_id}")]
pub async fn read_consent(
    door: Door,
    caller: Caller<actions::Read, resources::Consents>,
    id: Id<ConsentId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_consent", caller, move |reader| {
        let (row, person): (ConsentRow, PersonRow) = visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::People, [person.id.0]);
        let recorded = row.status;
        let consent = Consent::shown(row, &person, &reader.rights, clock::date_of(reader.now))?;
        // The calendar ends it before that is recorded: who holds the earlier view is not told that nothing has changed.
        let view = if consent.status == recorded { "" } else { consent.status.as_str() };
        reader.answer_row(consent.version, &held, &Fields::default(), view, &consent)
    })
    .await
}

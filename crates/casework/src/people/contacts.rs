//! How a person can be reached, and whether that is safe: a letter or a call can betray somebody who fled violence or
//! trafficking (Istanbul Convention, art. 50; Directive 2011/36/EU, art. 12).

use actix_web::{delete, get, patch, post};
use approdo_db::schema::contacts;
use approdo_db::{Connection, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidateEmail as _};

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::FieldRights;
use crate::access::{Action, FieldGroup, Resource};
use crate::aggregate::{self, locked, visible};
use crate::child;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::people::types::{PersonId, PersonRow};
use crate::work::Unit;

define_id! {
    /// The id of a contact.
    #[derive(ToSchema)]
    ContactId;
}

text_enum! {
    /// The way of a contact.
    #[derive(ToSchema)]
    ContactKind {
        Email = "email",
        /// Calls and text messages.
        Phone = "phone",
        /// A name or number in a messaging service; `label` says which.
        Messenger = "messenger",
        /// A postal address, as it is written on an envelope.
        Postal = "postal",
    }
}

impl ContactKind {
    /// Why a value is none of this kind, if it is not.
    pub fn refuses(self, value: &str) -> Option<&'static str> {
        let dialled = |letter: char| letter.is_ascii_digit() || matches!(letter, ' ' | '(' | ')' | '.' | '/' | '-');
        let number = value.strip_prefix('+').unwrap_or(value);
        match self {
            Self::Email if !value.validate_email() => Some("is not an e-mail address"),
            Self::Phone if !number.chars().all(dialled) || number.chars().filter(char::is_ascii_digit).count() < 3 => {
                Some("is not a telephone number: digits, spaces and ( ) . / -, a + in front")
            }
            _ => None,
        }
    }
}

/// A way to reach a person.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = contacts, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Contact {
    pub id: ContactId,
    pub person_id: PersonId,
    pub kind: ContactKind,
    #[schema(min_length = 1, max_length = 500)]
    pub value: String,
    /// Whose it is, or which service: `sister`, `WhatsApp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100)]
    pub label: Option<String>,
    /// The one to use first; a person has at most one.
    pub preferred: bool,
    /// `false` where using it may put the person at risk: do not, unless `safety_note` says how.
    pub safe_to_contact: bool,
    /// When and how it can be used without risk, or why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1000)]
    pub safety_note: Option<String>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(Contact, ContactId, contacts, "contact", Contacts; of PersonRow, person_id in people);

/// The members a field group guards, with the group: all that it says.
pub const GUARDED: [(&str, FieldGroup); 6] = [
    ("kind", FieldGroup::Identity),
    ("value", FieldGroup::Identity),
    ("label", FieldGroup::Identity),
    ("preferred", FieldGroup::Identity),
    ("safe_to_contact", FieldGroup::Identity),
    ("safety_note", FieldGroup::Identity),
];

page_of! {
    /// A page of contacts.
    ContactPage of Contact
}

/// A contact to keep.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "phone", "value": "+39 333 0000000", "label": "her own", "preferred": false, "safe_to_contact": false,
    "safety_note": "Her husband answers; call the shelter."
}))]
pub struct NewContact {
    pub kind: ContactKind,
    /// An e-mail address, a telephone number, a name in a messaging service, or the lines of a postal address.
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub value: String,
    /// Whose it is, or which service.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub label: Option<String>,
    /// Takes the place of the contact preferred until now. Only a safe one can be preferred.
    #[serde(default)]
    pub preferred: bool,
    /// Ask the person. `true` when absent.
    #[serde(default = "safe")]
    #[schema(default = true)]
    pub safe_to_contact: bool,
    /// When and how it can be used without risk, or why not.
    #[validate(length(min = 1, max = 1000))]
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub safety_note: Option<String>,
}

fn safe() -> bool {
    true
}

impl Checked for NewContact {}

/// What of a contact can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "her sister's", "safe_to_contact": true, "safety_note": null}))]
pub struct ContactPatch {
    #[schema(required = false, value_type = ContactKind)]
    #[serde(default)]
    pub kind: Patch<ContactKind>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 500)]
    #[serde(default)]
    pub value: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 100)]
    #[serde(default)]
    pub label: Patch<String>,
    #[schema(required = false, value_type = bool)]
    #[serde(default)]
    pub preferred: Patch<bool>,
    #[schema(required = false, value_type = bool)]
    #[serde(default)]
    pub safe_to_contact: Patch<bool>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 1000)]
    #[serde(default)]
    pub safety_note: Patch<String>,
}

impl Checked for ContactPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a person's contacts.
    ContactQuery {}
}

/// 404 where the caller's grants hide who the person is: then a contact is as absent as one that does not exist.
fn require_in_sight(fields: FieldRights) -> ApiResult<()> {
    if fields.reads(FieldGroup::Identity) { Ok(()) } else { Err(ApiError::not_found()) }
}

/// 403 where the caller may see who the person is, but not write it.
fn require_writable(fields: FieldRights) -> ApiResult<()> {
    if fields.writes(FieldGroup::Identity) {
        Ok(())
    } else {
        Err(ApiError::forbidden("your grants do not let you write contacts of this person"))
    }
}

/// List a person's contacts.
///
/// Oldest first. Look at `safe_to_contact` before using one.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person."), ContactQuery),
    responses((status = 200, description = "A page.", body = ContactPage))
)]
#[get("/people/{person_id}/contacts")]
pub async fn list_contacts(
    door: Door,
    caller: Caller<actions::List, resources::Contacts>,
    id: Id<PersonId>,
    query: Parameters<ContactQuery>,
) -> ApiResult<Answer> {
    door.read("list_contacts", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, _: &ContactQuery, person: &PersonRow, after: ContactId, limit| {
                if !reader.rights.fields_at(&person.place()).reads(FieldGroup::Identity) {
                    return Ok(Vec::new());
                }
                let of_person = contacts::table.filter(contacts::person_id.eq(person.id));
                let rows = of_person.filter(contacts::id.gt(after)).order(contacts::id).limit(limit);
                Ok(rows.load::<Contact>(reader.connection)?)
            },
        )?;
        Answer::ok(&ContactPage::from(page))
    })
    .await
}

/// Keep a contact of a person.
///
/// A preferred one takes the place of the contact preferred until now.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person.")),
    request_body = NewContact,
    responses((status = 201, description = "The contact.", body = Contact))
)]
#[post("/people/{person_id}/contacts")]
pub async fn create_contact(
    door: Door,
    caller: Caller<actions::Create, resources::Contacts>,
    id: Id<PersonId>,
    body: Body<NewContact>,
) -> ApiResult<Answer> {
    door.write("create_contact", caller, Some(body.fingerprint()), move |unit| {
        let (contact, _) = aggregate::create(unit, id.0, &body, add)?;
        unit.created(&format!("/contacts/{}", contact.id), contact.version, &contact)
    })
    .await
}

fn add(unit: &mut Unit<'_>, id: ContactId, person: &PersonRow, new: NewContact) -> ApiResult<Contact> {
    require_writable(unit.rights.fields_at(&person.place()))?;
    let contact = Contact {
        id,
        person_id: person.id,
        kind: new.kind,
        value: new.value,
        label: new.label,
        preferred: new.preferred,
        safe_to_contact: new.safe_to_contact,
        safety_note: new.safety_note,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    check(&contact)?;
    if contact.preferred {
        prefer(unit, &contact, person)?;
    }
    let members = ["person_id", "kind", "value", "label", "preferred", "safe_to_contact", "safety_note"];
    aggregate::add(unit, &contact, person, &members)?;
    Ok(contact)
}

/// What a row must be by itself.
fn check(contact: &Contact) -> ApiResult<()> {
    if let Some(reason) = contact.kind.refuses(&contact.value) {
        return Err(ApiError::invalid_member("value", reason));
    }
    if contact.preferred && !contact.safe_to_contact {
        return Err(ApiError::invalid_member("preferred", "only a contact that is safe can be preferred"));
    }
    Ok(())
}

/// Lets the contact preferred until now, if it is another one, be preferred no more.
fn prefer(unit: &mut Unit<'_>, contact: &Contact, person: &PersonRow) -> ApiResult<()> {
    for mut other in preferred(unit.connection, person.id)? {
        if other.id != contact.id {
            other.preferred = false;
            aggregate::save(unit, &mut other, person, vec!["preferred"])?;
        }
    }
    Ok(())
}

fn preferred(connection: &mut Connection, person: PersonId) -> QueryResult<Vec<Contact>> {
    let of_person = contacts::table.filter(contacts::person_id.eq(person));
    of_person.filter(contacts::preferred.eq(true)).order(contacts::id).load(connection)
}

/// Read a contact.
///
/// Of a person in your scope. Look at `safe_to_contact` before using it.
#[utoipa::path(
    tag = "People",
    params(("contact_id" = ContactId, Path, description = "The contact.")),
    responses((status = 200, description = "The contact.", body = Contact))
)]
#[get("/contacts/{contact_id}")]
pub async fn read_contact(
    door: Door,
    caller: Caller<actions::Read, resources::Contacts>,
    id: Id<ContactId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_contact", caller, move |reader| {
        let (contact, person): (Contact, PersonRow) = visible(reader, Action::Read, id.0)?;
        require_in_sight(reader.rights.fields_at(&person.place()))?;
        reader.shows(Resource::People, [person.id.0]);
        reader.answer_row(contact.version, &held, &Fields::default(), "", &contact)
    })
    .await
}

/// The contact under the lock of its person, where the caller may write it.
fn writable(unit: &mut Unit<'_>, action: Action, id: ContactId) -> ApiResult<(Contact, PersonRow)> {
    let (contact, person): (Contact, PersonRow) = locked(unit, action, id)?;
    let fields = unit.rights.fields_at(&person.place());
    require_in_sight(fields)?;
    require_writable(fields)?;
    Ok((contact, person))
}

/// Edit a contact.
///
/// The result is checked as a whole: a contact that is no longer safe cannot stay preferred.
#[utoipa::path(
    tag = "People",
    params(("contact_id" = ContactId, Path, description = "The contact.")),
    request_body(content = ContactPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The contact as it is now.", body = Contact))
)]
#[patch("/contacts/{contact_id}")]
pub async fn edit_contact(
    door: Door,
    caller: Caller<actions::Edit, resources::Contacts>,
    id: Id<ContactId>,
    if_match: IfMatch,
    body: Body<ContactPatch>,
) -> ApiResult<Answer> {
    door.write("edit_contact", caller, None, move |unit| {
        let (mut contact, person) = writable(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(contact.version)?;
        let mut edit = Edit::default();
        edit.bounded("value", &patch.value, 500);
        edit.bounded("label", &patch.label, 100);
        edit.bounded("safety_note", &patch.safety_note, 1000);
        edit.required("kind", &mut contact.kind, patch.kind);
        edit.required("value", &mut contact.value, patch.value);
        edit.optional("label", &mut contact.label, patch.label);
        edit.required("preferred", &mut contact.preferred, patch.preferred);
        edit.required("safe_to_contact", &mut contact.safe_to_contact, patch.safe_to_contact);
        edit.optional("safety_note", &mut contact.safety_note, patch.safety_note);
        let changed = edit.finish()?;
        check(&contact)?;
        if changed.contains(&"preferred") && contact.preferred {
            prefer(unit, &contact, &person)?;
        }
        aggregate::save(unit, &mut contact, &person, changed)?;
        unit.edited(contact.version, &contact)
    })
    .await
}

/// Delete a contact.
///
/// What it said stays in the history until it is erased.
#[utoipa::path(
    tag = "People",
    params(("contact_id" = ContactId, Path, description = "The contact.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/contacts/{contact_id}")]
pub async fn delete_contact(
    door: Door,
    caller: Caller<actions::Delete, resources::Contacts>,
    id: Id<ContactId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_contact", caller, None, move |unit| {
        let (contact, person) = writable(unit, Action::Delete, id.0)?;
        if_match.check(contact.version)?;
        aggregate::remove(unit, &contact, &person)?;
        Ok(Answer::no_content())
    })
    .await
}

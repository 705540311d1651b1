//! Asking whether something may be done, before it is done.

use actix_web::post;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::clock;
use crate::codes;
use crate::consents::coverage;
use crate::consents::data_categories::DataCategory;
use crate::consents::rules::Need;
use crate::consents::types::ConsentId;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Id, Reader, reading};
use crate::people::queries;
use crate::people::types::PersonId;

/// What is to be done with a person's data.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "purpose": "referral", "data_categories": ["identity", "contact"], "recipient_id": "01985b2e-0000-7000-8000-000000000001"
}))]
pub struct NewConsentCheck {
    /// A code of `consent_purposes`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub purpose: String,
    #[validate(length(min = 1, max = 20))]
    #[schema(min_items = 1, max_items = 20)]
    pub data_categories: Vec<DataCategory>,
    /// The organisation that the data is to go to; absent where it stays with the one responsible for the person's record.
    #[schema(nullable = false)]
    pub recipient_id: Option<OrganisationId>,
    /// Whether a recipient wants to hand the data on.
    #[serde(default)]
    pub onward_sharing: bool,
    /// The day it is to be done on; today when absent.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub on: Option<NaiveDate>,
}

impl Checked for NewConsentCheck {}

/// Whether a consent covers it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentCheck {
    pub covered: bool,
    /// The consent that covers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub consent_id: Option<ConsentId>,
    /// What is missing, said of the consent that comes closest; empty where it is covered.
    #[schema(max_items = 10)]
    pub missing: Vec<UnmetGuard>,
}

/// Check what a person's consents cover.
///
/// One consent must hold on the day and cover the purpose, every category of data and the recipient. Nothing is changed; whatever sends
/// data asks the same again.
#[utoipa::path(
    tag = "Consents",
    params(("person_id" = PersonId, Path, description = "The person.")),
    request_body = NewConsentCheck,
    responses((status = 200, description = "Whether it is covered, or what is missing.", body = ConsentCheck))
)]
#[post("/people/{person_id}/consents/checks")]
pub async fn create_consent_check(
    door: Door,
    caller: Caller<actions::Read, resources::Consents>,
    id: Id<PersonId>,
    body: Body<NewConsentCheck>,
) -> ApiResult<Answer> {
    door.read("create_consent_check", caller, move |reader| {
        let person = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::Read, Resource::Consents, &person)?;
        let need = need(reader, body.read()?)?;
        reader.shows(Resource::People, [person.id.0]);
        let (consent_id, missing) = match coverage::of_person(reader.connection, person.id, &need)? {
            Ok(consent) => (Some(consent), Vec::new()),
            Err(missing) => (None, missing),
        };
        Answer::ok(&ConsentCheck { covered: consent_id.is_some(), consent_id, missing })
    })
    .await
}

fn need(reader: &mut Reader<'_>, asked: NewConsentCheck) -> ApiResult<Need> {
    codes::check(reader.app, "consent_purposes", "purpose", &asked.purpose)?;
    let recipient = match asked.recipient_id {
        Some(id) => Some(
            coverage::recipient(reader.connection, id)?.ok_or_else(|| ApiError::unknown_reference("recipient_id"))?,
        ),
        None => None,
    };
    Ok(Need {
        purpose: asked.purpose,
        data_categories: asked.data_categories,
        recipient,
        onward_sharing: asked.onward_sharing,
        day: asked.on.unwrap_or_else(|| clock::date_of(reader.now)),
    })
}

//! The categories of data that consents are given to, and which category what is kept belongs to.
//!
//! They are finer than the field groups where people decide differently about what one group guards (what was assessed, what was
//! planned, what was attached, who belongs to the family), and the same where the law draws the line (health, GDPR art. 9). So each
//! member that a package can hold has exactly one category, and a package is within a consent where all its categories are.

use approdo_db::text_enum;
use utoipa::ToSchema;

use crate::access::{FieldGroup, Resource};

text_enum! {
    /// A category of data that a consent covers; labels are in the code list `data_categories`.
    #[derive(ToSchema)]
    DataCategory {
        /// Who the person is: names, birth, sex, languages, tax code.
        Identity = "identity",
        /// How the person is reached.
        Contact = "contact",
        /// Relatives, guardians and the household.
        Family = "family",
        /// Citizenship, legal statuses, consents, and what else the field group `legal` guards.
        Legal = "legal",
        /// Special categories of data (GDPR art. 9): what the field group `health` guards.
        Health = "health",
        /// That there is a case, how far it is, its tasks, appointments and pathways.
        Case = "case",
        /// Needs and strengths by life domain.
        Assessment = "assessment",
        /// Goals and plans.
        Plan = "plan",
        /// What was written freely: notes, summaries, and what else the field group `notes` guards.
        Notes = "notes",
        /// Attachments of a case, with their contents.
        Documents = "documents",
    }
}

impl DataCategory {
    /// The category of a member of a resource, by the field group that guards it; none for what is not about people. Health and free
    /// texts are what they are wherever they stand.
    pub fn of(resource: Resource, group: Option<FieldGroup>) -> Option<Self> {
        use Resource as R;
        let category = match (resource, group) {
            (_, Some(FieldGroup::Health)) => Self::Health,
            (_, Some(FieldGroup::Notes)) | (R::Notes, _) => Self::Notes,
            (R::Contacts, _) => Self::Contact,
            (R::Relations | R::Households | R::CaseHouseholdMembers, _) => Self::Family,
            (R::Attachments, _) => Self::Documents,
            (R::Assessments, _) => Self::Assessment,
            (R::Plans | R::Goals, _) => Self::Plan,
            (_, Some(FieldGroup::Legal)) | (R::LegalStatuses | R::Consents | R::Reminders, _) => Self::Legal,
            (_, Some(FieldGroup::Identity)) | (R::People, None) => Self::Identity,
            (R::Cases | R::Tasks | R::Appointments | R::Pathways, None) => Self::Case,
            _ => return None,
        };
        Some(category)
    }
}

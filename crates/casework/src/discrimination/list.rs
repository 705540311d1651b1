//! The reports that a caller reads, newest first.

use actix_web::get;
use approdo_db::schema::discrimination_reports as reports;
use approdo_db::text_enum;
use diesel::prelude::*;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, TerritoryId};
use crate::discrimination::codes::{AreaOfLife, DiscriminationReportUrgency};
use crate::discrimination::rules::DiscriminationReportStatus;
use crate::discrimination::types::{
    DiscriminationReport, DiscriminationReportId, DiscriminationReportPage, DiscriminationReportRow,
};
use crate::discrimination::{access, records};
use crate::error::ApiResult;
use crate::http::{Answer, Door, Parameters};
use crate::paged_query;

text_enum! {
    /// Which reports to list.
    #[derive(ToSchema)]
    DiscriminationReportBox {
        /// What came to you: from who reports, and from bodies that routed it to you.
        Inbox = "inbox",
        /// What you have routed to another body.
        Outbox = "outbox",
    }
}

/// What the body that a report is routed to may know of, as `is_known_to_competent` says it.
const KNOWN: [DiscriminationReportStatus; 3] =
    [DiscriminationReportStatus::Routed, DiscriminationReportStatus::TakenUp, DiscriminationReportStatus::Closed];

paged_query! {
    /// How to list reports of discrimination.
    DiscriminationReportQuery {
        /// What came to you or what you have routed; all that you may read when absent.
        r#box: Option<DiscriminationReportBox>,
        /// Reports that stand so.
        status: Option<DiscriminationReportStatus>,
        /// Reports of what happened there, by the territory that they name.
        territory_id: Option<TerritoryId>,
        /// Reports that were sent to this body.
        organisation_id: Option<OrganisationId>,
        /// Reports about this area.
        area_of_life: Option<AreaOfLife>,
        /// Reports this urgent.
        urgency: Option<DiscriminationReportUrgency>,
    }
}

/// List reports of discrimination.
///
/// Those that you may read, newest first, without what was told: that is read one by one.
#[utoipa::path(
    tag = "Discrimination",
    params(DiscriminationReportQuery),
    responses((status = 200, description = "A page.", body = DiscriminationReportPage))
)]
#[get("/discrimination-reports")]
pub async fn list_discrimination_reports(
    door: Door,
    caller: Caller<actions::List, resources::DiscriminationReports>,
    query: Parameters<DiscriminationReportQuery>,
) -> ApiResult<Answer> {
    door.read("list_discrimination_reports", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let own = access::organisations(&reader.rights, Action::List, Resource::DiscriminationReports);
        let first = reports::organisation_id.eq_any(own.clone());
        let routed = reports::competent_org_id.eq_any(own);
        let competent = routed.and(reports::status.eq_any(KNOWN)).and(reports::anonymised_at.is_null());
        let mut list = match asked.r#box {
            Some(DiscriminationReportBox::Outbox) => {
                reports::table.filter(first).filter(reports::competent_org_id.is_not_null()).into_boxed()
            }
            Some(DiscriminationReportBox::Inbox) | None => reports::table.filter(first.or(competent)).into_boxed(),
        };
        list = list.order(reports::id.desc()).limit(request.limit() + 1);
        if let Some(after) = request.after::<DiscriminationReportId>()? {
            list = list.filter(reports::id.lt(after));
        }
        if let Some(status) = asked.status {
            list = list.filter(reports::status.eq(status));
        }
        if let Some(territory) = asked.territory_id {
            list = list.filter(reports::territory_id.eq(territory));
        }
        if let Some(organisation) = asked.organisation_id {
            list = list.filter(reports::organisation_id.eq(organisation));
        }
        if let Some(area) = asked.area_of_life {
            list = list.filter(reports::area_of_life.eq(area));
        }
        if let Some(urgency) = asked.urgency {
            list = list.filter(reports::urgency.eq(urgency));
        }
        let rows: Vec<DiscriminationReportRow> = list.load(reader.connection)?;
        let mut beside = records::beside(reader.connection, &rows)?;
        let page = request.page(rows, |row: &DiscriminationReportRow| row.id)?;
        reader.shows(Resource::DiscriminationReports, page.items.iter().map(|row| row.id.0));
        let rights = reader.rights.clone();
        let page = page.try_map(|row| {
            let sides = access::sides(&row, &rights, Action::Read, Resource::DiscriminationReports);
            let beside = beside.remove(&row.id).unwrap_or_default();
            Ok(DiscriminationReport::shown(DiscriminationReportRow { description: None, ..row }, beside, sides))
        })?;
        Answer::ok(&DiscriminationReportPage::from(page))
    })
    .await
}

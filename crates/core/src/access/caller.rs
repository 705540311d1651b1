//! The handler's argument that names the permission: `Caller<Read, Cases>`.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};

use crate::access::policy::{Action, Resource};
use crate::access::tokens::Bearer;
use crate::error::{ApiError, Kind};

/// An action or resource as a type.
pub trait Names<T> {
    const NAMED: T;
}

macro_rules! names {
    ($of:ident: $($name:ident),* $(,)?) => {$(
        #[doc = concat!("`", stringify!($of), "::", stringify!($name), "` as a type.")]
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}
        impl Names<$of> for $name {
            const NAMED: $of = $of::$name;
        }
    )*};
}

/// Actions as types.
pub mod actions {
    use super::{Action, Names};
    names!(Action: List, Read, Search, Create, Edit, Transition, Delete);
}

/// Resources as types.
pub mod resources {
    use super::{Names, Resource};
    names!(Resource: Me, Users, ApiClients, Grants, Organisations, Territories, CodeLists, People, PersonExports, Cases, CaseHistory,
        CaseAccesses, CaseHouseholdMembers, Relations, Households, Contacts, Worklist, Workloads, LegalStatuses, Reminders, Consents, Notes, Attachments, Tasks, Assessments, Goals, Plans, Appointments, Pathways, PathwayTemplates, Services, ServiceVerifications, ServiceCapacities, Programs, Locations, ServiceAtLocations, Agreements, Referrals, ReferralPackages, ReferralOverrides, PartnerLinks, Transfers, TransferRequests, TransferPackages, TransferRecords, SharedAccesses, SharedAccessPackages, Networks, NetworkMembers, NetworkMeetings, PolicyDocuments, PolicyMeasures, Changes, AuditRecords, AuditSeals, Sandbox, Translations, Datasets, DatasetReleases, DataImports, Indicators,
        Observatories, ObservatoryEntries, EvaluationRounds, EvaluationContributions, EvaluationThemes, Objectives, Activities, ActivityResults,
        DiscriminationReports, DiscriminationReporters, DiscriminationReportMessages, DiscriminationReportStatistics);
}

/// What the door found in `Authorization`, for extractors.
#[derive(Debug, Clone)]
pub struct Presented(pub Result<Bearer, ApiError>);

/// A caller with a valid token. What the rest of its type names is checked, before anything else, by the `Door` that
/// takes it.
#[derive(Debug)]
pub struct Caller<A, R> {
    pub bearer: Bearer,
    permission: PhantomData<fn() -> (A, R)>,
}

impl<A: Names<Action>, R: Names<Resource>> Caller<A, R> {
    pub const ACTION: Action = A::NAMED;
    pub const RESOURCE: Resource = R::NAMED;
}

impl<A, R> FromRequest for Caller<A, R> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let presented = request.extensions().get::<Presented>().cloned();
        ready(match presented {
            Some(Presented(Ok(bearer))) => Ok(Self { bearer, permission: PhantomData }),
            Some(Presented(Err(error))) => Err(error),
            None => Err(ApiError::new(Kind::InvalidToken, "send an access token")),
        })
    }
}

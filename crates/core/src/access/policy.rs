//! The policy: one `match` over role, action and resource. Its whole grid is printed to `tests/golden/policy.md`, which
//! people who do not program can read.

use approdo_db::text_enum;
use utoipa::ToSchema;

text_enum! {
    /// What a caller is granted to be, somewhere.
    #[derive(ToSchema)]
    Role {
        SystemAdministrator = "system_administrator",
        OrganisationAdministrator = "organisation_administrator",
        CaseManager = "case_manager",
        HelpDeskOperator = "help_desk_operator",
        TrainingOrganiser = "training_organiser",
        ObservatoryAnalyst = "observatory_analyst",
        SteeringReader = "steering_reader",
        /// Who takes reports of discrimination for a body and works on them: nobody else reads these.
        AntiDiscriminationOfficer = "anti_discrimination_officer",
        Auditor = "auditor",
        SyncClient = "sync_client",
    }

    /// What is done.
    Action {
        List = "list",
        Read = "read",
        Search = "search",
        Create = "create",
        Edit = "edit",
        Transition = "transition",
        Delete = "delete",
    }

    /// What it is done to.
    Resource {
        Me = "me",
        Users = "users",
        ApiClients = "api_clients",
        Grants = "grants",
        Organisations = "organisations",
        Services = "services",
        ServiceVerifications = "service_verifications",
        ServiceCapacities = "service_capacities",
        Programs = "programs",
        Locations = "locations",
        ServiceAtLocations = "service_at_locations",
        Translations = "translations",
        Agreements = "agreements",
        Referrals = "referrals",
        ReferralPackages = "referral_packages",
        ReferralOverrides = "referral_overrides",
        Transfers = "transfers",
        TransferRequests = "transfer_requests",
        TransferPackages = "transfer_packages",
        TransferRecords = "transfer_records",
        SharedAccesses = "shared_accesses",
        SharedAccessPackages = "shared_access_packages",
        PartnerLinks = "partner_links",
        Networks = "networks",
        NetworkMembers = "network_members",
        NetworkMeetings = "network_meetings",
        PolicyDocuments = "policy_documents",
        PolicyMeasures = "policy_measures",
        Territories = "territories",
        Datasets = "datasets",
        DatasetReleases = "dataset_releases",
        DataImports = "data_imports",
        Indicators = "indicators",
        Observatories = "observatories",
        ObservatoryEntries = "observatory_entries",
        EvaluationRounds = "evaluation_rounds",
        EvaluationContributions = "evaluation_contributions",
        EvaluationThemes = "evaluation_themes",
        Objectives = "objectives",
        Activities = "activities",
        ActivityResults = "activity_results",
        DiscriminationReports = "discrimination_reports",
        DiscriminationReporters = "discrimination_reporters",
        DiscriminationReportMessages = "discrimination_report_messages",
        DiscriminationReportStatistics = "discrimination_report_statistics",
        CodeLists = "code_lists",
        People = "people",
        PersonExports = "person_exports",
        Cases = "cases",
        CaseHistory = "case_history",
        CaseAccesses = "case_accesses",
        Worklist = "worklist",
        Workloads = "workloads",
        CaseHouseholdMembers = "case_household_members",
        Contacts = "contacts",
        Relations = "relations",
        Households = "households",
        LegalStatuses = "legal_statuses",
        Reminders = "reminders",
        Consents = "consents",
        Notes = "notes",
        Attachments = "attachments",
        Tasks = "tasks",
        Assessments = "assessments",
        Goals = "goals",
        Plans = "plans",
        Appointments = "appointments",
        Pathways = "pathways",
        PathwayTemplates = "pathway_templates",
        Changes = "changes",
        AuditRecords = "audit_records",
        AuditSeals = "audit_seals",
        Sandbox = "sandbox",
    }

    /// Members of people and cases that are guarded together.
    #[derive(ToSchema)]
    FieldGroup {
        Identity = "identity",
        Legal = "legal",
        Health = "health",
        Notes = "notes",
    }

    /// What a role may do with a field group.
    FieldRight {
        Hidden = "hidden",
        Read = "read",
        Write = "write",
    }
}

/// Whether a role may do this at all. Where, is for the grant's scope to say.
pub fn allows(role: Role, action: Action, resource: Resource) -> bool {
    use Action::{Create, Delete, Edit, List, Read, Search, Transition};
    use Resource as R;
    match resource {
        // What everyone works with.
        R::Sandbox => matches!(action, Read | Edit),
        // Machine clients have no password to change.
        R::Me => action == Read || (action == Edit && role != Role::SyncClient),
        R::CodeLists => matches!(action, List | Read) || (role == Role::SystemAdministrator && action == Create),
        R::Organisations
        | R::Territories
        | R::PathwayTemplates
        | R::Programs
        | R::Locations
        | R::ServiceAtLocations
        | R::Agreements
        | R::Translations
        | R::Networks
        | R::NetworkMembers
        | R::NetworkMeetings
        | R::PolicyDocuments
        | R::PolicyMeasures
        | R::Datasets
        | R::DatasetReleases
        | R::Indicators
        | R::Observatories
        | R::ObservatoryEntries
        | R::EvaluationRounds
        | R::EvaluationThemes
        | R::Objectives
        | R::Activities
        | R::ActivityResults
            if matches!(action, List | Read) =>
        {
            true
        }
        R::Services if matches!(action, List | Read | Search) => true,
        // They are listed with their service, which has one capacity.
        R::ServiceVerifications if action == List => true,
        R::ServiceCapacities if action == Read => true,

        R::Organisations => administers(role) && matches!(action, Create | Edit),
        R::Territories => role == Role::SystemAdministrator && matches!(action, Create | Edit | Delete),
        // What the public may know of is kept by those who answer for the figures.
        R::Datasets | R::Indicators | R::Observatories | R::Objectives => {
            keeps_statistics(role) && matches!(action, Create | Edit)
        }
        R::ObservatoryEntries | R::ActivityResults => keeps_statistics(role) && matches!(action, Create | Delete),
        R::EvaluationRounds | R::Activities => keeps_statistics(role) && matches!(action, Create | Edit | Transition),
        R::EvaluationThemes => keeps_statistics(role) && matches!(action, Create | Edit | Delete),
        // Those who know the work speak for their organisation, and read what it has said.
        R::EvaluationContributions => match action {
            List | Read | Create => contributes(role),
            Transition | Delete => keeps_statistics(role),
            _ => false,
        },
        R::DatasetReleases => keeps_statistics(role) && matches!(action, Edit | Transition),
        R::DataImports => keeps_statistics(role) && matches!(action, List | Read | Create | Edit),
        R::PathwayTemplates | R::Agreements => administers(role) && matches!(action, Create | Edit | Transition),
        R::Services | R::Programs | R::Locations | R::Networks => administers(role) && matches!(action, Create | Edit),
        R::ServiceAtLocations | R::NetworkMembers | R::NetworkMeetings => {
            administers(role) && matches!(action, Create | Edit | Delete)
        }
        // What public bodies resolve is followed by those who answer for the figures.
        R::PolicyDocuments => keeps_statistics(role) && matches!(action, Create | Edit),
        R::PolicyMeasures => keeps_statistics(role) && matches!(action, Create | Edit | Delete),
        // A translation stands in the original's place, so those who keep the original keep it.
        R::Translations => administers(role) && matches!(action, Edit | Delete),
        // Who gives a service knows how much room it has, and whether the directory is right.
        R::ServiceVerifications => tells_of_services(role) && action == Create,
        R::ServiceCapacities => tells_of_services(role) && action == Edit,
        R::Users => administers(role) && matches!(action, List | Read | Create | Edit),
        R::ApiClients => administers(role) && matches!(action, List | Read | Create | Edit),
        R::Grants => administers(role) && matches!(action, List | Read | Create | Delete),

        // A report may be about those who administer or audit: the officers of a body alone read it.
        R::DiscriminationReports => match role {
            Role::AntiDiscriminationOfficer => matches!(action, List | Read | Create | Transition | Delete),
            // On somebody's behalf; what was taken is not read again.
            Role::HelpDeskOperator => action == Create,
            _ => false,
        },
        R::DiscriminationReporters => matches!((role, action), (Role::AntiDiscriminationOfficer, Read)),
        R::DiscriminationReportMessages => role == Role::AntiDiscriminationOfficer && matches!(action, List | Create),
        R::DiscriminationReportStatistics => {
            matches!((role, action), (Role::AntiDiscriminationOfficer | Role::ObservatoryAnalyst, Read))
        }

        R::People => match role {
            Role::CaseManager => matches!(action, Read | Search | Create | Edit | Transition),
            Role::HelpDeskOperator => matches!(action, Read | Search | Create),
            // Who answers for the records decides on their erasure, without seeing what is in them.
            Role::OrganisationAdministrator => matches!(action, Transition | Delete),
            Role::SyncClient => matches!(action, Read),
            _ => false,
        },
        R::PersonExports => matches!((role, action), (Role::CaseManager, Read)),
        R::Contacts | R::Relations => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Edit | Delete),
            Role::HelpDeskOperator => matches!(action, List | Read | Create),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::Notes | R::Attachments => {
            role == Role::CaseManager && matches!(action, List | Read | Create | Edit | Delete)
        }
        R::Households => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Edit),
            Role::HelpDeskOperator => matches!(action, List | Read | Create),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::CaseHouseholdMembers => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Delete),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::LegalStatuses => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Edit | Transition),
            Role::HelpDeskOperator => matches!(action, List | Read | Create),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::Reminders => match role {
            Role::CaseManager => matches!(action, List | Read | Transition),
            Role::HelpDeskOperator | Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::Consents => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Transition),
            Role::HelpDeskOperator => matches!(action, List | Read | Create),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        // Who answers at a desk takes what is referred there; to refer takes a case.
        R::Referrals => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Edit | Transition),
            Role::HelpDeskOperator => matches!(action, List | Read | Transition),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::ReferralPackages => {
            matches!(role, Role::CaseManager | Role::HelpDeskOperator | Role::SyncClient) && action == Read
        }
        // Whoever refers gives the partner its link, and takes it back.
        R::PartnerLinks => role == Role::CaseManager && matches!(action, List | Read | Create | Transition),
        // A case manager who administers as well may refer without an agreement, and says why (domain 16).
        R::ReferralOverrides => matches!((role, action), (Role::OrganisationAdministrator, Create)),
        // To take a case over is case work; whose system follows the cases follows where they go.
        R::Transfers | R::TransferRequests | R::SharedAccesses => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Transition),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::TransferPackages | R::TransferRecords | R::SharedAccessPackages => {
            matches!((role, action), (Role::CaseManager, Read))
        }
        R::Cases => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Edit | Transition),
            Role::HelpDeskOperator => matches!(action, Create),
            Role::OrganisationAdministrator => matches!(action, List),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::Worklist => role == Role::CaseManager && matches!(action, List | Delete),
        R::Workloads => matches!((role, action), (Role::OrganisationAdministrator, List)),
        R::CaseHistory => matches!((role, action), (Role::CaseManager, List)),
        R::CaseAccesses => matches!((role, action), (Role::CaseManager | Role::Auditor, List)),
        R::Tasks | R::Assessments | R::Goals | R::Plans | R::Appointments | R::Pathways => match role {
            Role::CaseManager => matches!(action, List | Read | Create | Edit | Transition),
            Role::SyncClient => matches!(action, List | Read),
            _ => false,
        },
        R::Changes => matches!((role, action), (Role::SyncClient, List)),
        R::AuditRecords => matches!((role, action), (Role::Auditor, List)),
        R::AuditSeals => {
            matches!((role, action), (Role::Auditor | Role::SystemAdministrator, List))
        }
    }
}

/// What a role may do with a field group of the people and cases its grant reaches.
pub fn field_right(role: Role, group: FieldGroup) -> FieldRight {
    use FieldRight::{Hidden, Read, Write};
    match role {
        Role::CaseManager => Write,
        // An intake is opened with who the person is and why they may be here, not with health or notes.
        Role::HelpDeskOperator => match group {
            FieldGroup::Identity | FieldGroup::Legal => Write,
            FieldGroup::Health | FieldGroup::Notes => Hidden,
        },
        Role::SyncClient => match group {
            FieldGroup::Identity | FieldGroup::Legal => Read,
            FieldGroup::Health | FieldGroup::Notes => Hidden,
        },
        _ => Hidden,
    }
}

/// The roles a role may grant, within its own organisation, territories and target groups.
pub fn may_grant(role: Role) -> &'static [Role] {
    match role {
        Role::SystemAdministrator => Role::ALL,
        Role::OrganisationAdministrator => &[
            Role::OrganisationAdministrator,
            Role::CaseManager,
            Role::HelpDeskOperator,
            Role::TrainingOrganiser,
            Role::ObservatoryAnalyst,
            Role::SteeringReader,
            Role::AntiDiscriminationOfficer,
            Role::SyncClient,
        ],
        _ => &[],
    }
}

fn administers(role: Role) -> bool {
    matches!(role, Role::SystemAdministrator | Role::OrganisationAdministrator)
}

fn keeps_statistics(role: Role) -> bool {
    administers(role) || role == Role::ObservatoryAnalyst
}

fn contributes(role: Role) -> bool {
    keeps_statistics(role) || matches!(role, Role::CaseManager | Role::HelpDeskOperator | Role::TrainingOrganiser)
}

fn tells_of_services(role: Role) -> bool {
    administers(role) || matches!(role, Role::CaseManager | Role::HelpDeskOperator | Role::SyncClient)
}

/// The grid as a table, one row an action on a resource, one column a role.
pub fn grid() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# Who may do what\n\nGenerated from `crates/core/src/access/policy.rs`. A mark says that the role may do it within the \
         organisation, territories and target groups of its grant.\n\n",
    );
    let header: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let rule = vec!["---"; Role::ALL.len()].join(" | ");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "| resource | action | {} |\n| --- | --- | {rule} |", header.join(" | "));
    for &resource in Resource::ALL {
        for &action in Action::ALL {
            let row: Vec<&str> =
                Role::ALL.iter().map(|&role| if allows(role, action, resource) { "yes" } else { "" }).collect();
            if row.iter().any(|cell| !cell.is_empty()) {
                let _ = writeln!(text, "| {resource} | {action} | {} |", row.join(" | "));
            }
        }
    }
    let _ =
        writeln!(text, "\n# Field groups of people and cases\n\n| group | {} |\n| --- | {rule} |", header.join(" | "));
    for &group in FieldGroup::ALL {
        let row: Vec<&str> = Role::ALL.iter().map(|&role| field_right(role, group).as_str()).collect();
        let _ = writeln!(text, "| {group} | {} |", row.join(" | "));
    }
    let _ = writeln!(text, "\n# Who may grant which roles\n\n| role | may grant |\n| --- | --- |");
    for &role in Role::ALL {
        let roles: Vec<&str> = may_grant(role).iter().map(|role| role.as_str()).collect();
        let _ = writeln!(text, "| {role} | {} |", roles.join(", "));
    }
    text
}

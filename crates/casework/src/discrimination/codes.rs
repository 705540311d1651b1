//! What a report says of what happened, in closed lists: what bodies count has to be the same everywhere.

use approdo_db::text_enum;
use utoipa::ToSchema;

text_enum! {
    /// How a report came.
    #[derive(ToSchema)]
    DiscriminationReportChannel {
        /// Without a login, by the reporter.
        Online = "online",
        /// At a help desk, on somebody's behalf.
        HelpDesk = "help_desk",
        /// To an anti-discrimination officer.
        Officer = "officer",
    }

    /// Where in life it happened (Directive 2000/43/EC, art. 3; Italian Legislative Decree 286/1998, art. 43).
    #[derive(ToSchema)]
    AreaOfLife {
        Work = "work",
        Housing = "housing",
        School = "school",
        Health = "health",
        /// Offices of public bodies, benefits, residence permits.
        PublicServices = "public_services",
        /// Shops, banks, insurance.
        Commerce = "commerce",
        Police = "police",
        Transport = "transport",
        Leisure = "leisure",
        Media = "media",
        Online = "online",
        Other = "other",
    }

    /// For what somebody was treated worse (Italian Legislative Decrees 215/2003, 216/2003 and 286/1998, art. 43; Charter of Fundamental
    /// Rights, art. 21).
    #[derive(ToSchema)]
    DiscriminationGround {
        EthnicOrigin = "ethnic_origin",
        Nationality = "nationality",
        SkinColour = "skin_colour",
        Religion = "religion",
        Language = "language",
        /// Having or not having a certain permit or status.
        LegalStatus = "legal_status",
        Gender = "gender",
        SexualOrientation = "sexual_orientation",
        Disability = "disability",
        Age = "age",
        Other = "other",
    }

    /// What kind of body or person treated somebody worse. Which one is nowhere kept in a member of its own.
    #[derive(ToSchema)]
    RespondentKind {
        PublicBody = "public_body",
        PrivateCompany = "private_company",
        Individual = "individual",
        Landlord = "landlord",
        Employer = "employer",
        Unknown = "unknown",
    }

    /// As what somebody reports.
    #[derive(ToSchema)]
    ReporterRole {
        /// It happened to them.
        Affected = "affected",
        /// They saw it.
        Witness = "witness",
        /// For somebody else, whom it happened to.
        OnBehalf = "on_behalf",
    }

    /// How soon something has to be done, as the first body sees it.
    #[derive(ToSchema)]
    DiscriminationReportUrgency {
        Low = "low",
        Normal = "normal",
        High = "high",
    }
}

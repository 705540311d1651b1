//! Kinds of structures, and which others an answer brings along (SDMX REST 1.5, 4.3, "references").

use crate::request::RequestError;

/// A kind of structures that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    AgencyScheme,
    Dataflow,
    DataStructure,
    ConceptScheme,
    Codelist,
}

/// What the interface knows besides.
const OTHERS: [&str; 29] = [
    "metadata",
    "schema",
    "registration",
    "structure",
    "metadatastructure",
    "categoryscheme",
    "hierarchicalcodelist",
    "organisationscheme",
    "dataproviderscheme",
    "dataconsumerscheme",
    "organisationunitscheme",
    "metadataflow",
    "reportingtaxonomy",
    "provisionagreement",
    "structureset",
    "process",
    "categorisation",
    "contentconstraint",
    "actualconstraint",
    "allowedconstraint",
    "attachmentconstraint",
    "transformationscheme",
    "rulesetscheme",
    "userdefinedoperatorscheme",
    "customtypescheme",
    "namepersonalisationscheme",
    "namealiasscheme",
    "vtlmappingscheme",
    "availableconstraint",
];

impl Resource {
    pub const ALL: [Self; 5] =
        [Self::AgencyScheme, Self::Dataflow, Self::DataStructure, Self::ConceptScheme, Self::Codelist];

    /// The kind that an address begins with.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        if let Some(resource) = Self::ALL.into_iter().find(|resource| resource.name() == text) {
            return Ok(resource);
        }
        if OTHERS.contains(&text) {
            return Err(RequestError::not_implemented(text));
        }
        Err(RequestError::malformed("resource", format!("is {text:?}, which is none")))
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::AgencyScheme => "agencyscheme",
            Self::Dataflow => "dataflow",
            Self::DataStructure => "datastructure",
            Self::ConceptScheme => "conceptscheme",
            Self::Codelist => "codelist",
        }
    }
}

/// Which structures are wanted besides those asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum References {
    #[default]
    None,
    /// What refers to those asked for.
    Parents,
    /// And what these refer to.
    ParentsAndSiblings,
    /// What those asked for refer to.
    Children,
    /// And what these refer to, at any depth.
    Descendants,
    /// Parents, siblings, descendants.
    All,
    /// Those of one kind.
    Only(Resource),
}

impl References {
    pub(crate) fn parse(text: &str) -> Result<Self, RequestError> {
        Ok(match text {
            "none" => Self::None,
            "parents" => Self::Parents,
            "parentsandsiblings" => Self::ParentsAndSiblings,
            "children" => Self::Children,
            "descendants" => Self::Descendants,
            "all" => Self::All,
            resource => Self::Only(Resource::parse(resource).map_err(|error| match error {
                RequestError::Malformed { .. } => {
                    RequestError::malformed("references", format!("is {text:?}, which is none"))
                }
                not_implemented => not_implemented,
            })?),
        })
    }

    /// Whether an answer about one kind has artefacts of another (or more of its own), where dataflows refer to a data structure, and
    /// this to its codelists and concept scheme.
    pub fn bring(self, asked: Resource, other: Resource) -> bool {
        use Resource::{AgencyScheme, Codelist, ConceptScheme, DataStructure, Dataflow};
        let children: &[Resource] = match asked {
            Dataflow => &[DataStructure],
            DataStructure => &[Codelist, ConceptScheme],
            AgencyScheme | Codelist | ConceptScheme => &[],
        };
        let parents: &[Resource] = match asked {
            DataStructure => &[Dataflow],
            Codelist | ConceptScheme => &[DataStructure],
            AgencyScheme | Dataflow => &[],
        };
        let descendants: &[Resource] =
            if asked == Dataflow { &[DataStructure, Codelist, ConceptScheme] } else { children };
        // What the parents refer to: dataflows to the structure itself, structures to their codelists and concepts.
        let siblings: &[Resource] = match asked {
            Codelist | ConceptScheme => &[Codelist, ConceptScheme],
            AgencyScheme | Dataflow | DataStructure => &[],
        };
        match self {
            Self::None => false,
            Self::Parents => parents.contains(&other),
            Self::ParentsAndSiblings => parents.contains(&other) || siblings.contains(&other),
            Self::Children => children.contains(&other),
            Self::Descendants => descendants.contains(&other),
            Self::All => [parents, siblings, descendants].iter().any(|kinds| kinds.contains(&other)),
            Self::Only(kind) => kind == other && Self::All.bring(asked, other),
        }
    }
}

//! Which municipalities have to run their functions jointly: decree-law 78/2010, article 14, paragraph 28.

use approdo_db::text_enum;
use utoipa::ToSchema;

/// Residents up to which a municipality has to.
pub const PEOPLE: f64 = 5_000.0;

/// The same for one that is or ever was a member of a mountain community.
pub const PEOPLE_IN_THE_MOUNTAINS: f64 = 3_000.0;

text_enum! {
    /// The rule that says whether a municipality has to run its functions jointly.
    #[derive(ToSchema)]
    JointManagementRule {
        /// It has to: at most 5,000 residents.
        UpTo5000 = "up_to_5000",
        /// It has to: at most 3,000 residents, and is or was a member of a mountain community.
        UpTo3000InMountains = "up_to_3000_in_mountains",
        /// It need not: more than 5,000 residents.
        Over5000 = "over_5000",
        /// It need not: more than 3,000 residents, and is or was a member of a mountain community.
        Over3000InMountains = "over_3000_in_mountains",
    }
}

impl JointManagementRule {
    /// The rule for a municipality of so many residents.
    pub fn of(population: f64, ever_in_the_mountains: bool) -> Self {
        match ever_in_the_mountains {
            true if population <= PEOPLE_IN_THE_MOUNTAINS => Self::UpTo3000InMountains,
            true => Self::Over3000InMountains,
            false if population <= PEOPLE => Self::UpTo5000,
            false => Self::Over5000,
        }
    }

    /// Whether it has to.
    pub fn obliges(self) -> bool {
        matches!(self, Self::UpTo5000 | Self::UpTo3000InMountains)
    }
}

#[cfg(test)]
mod tests;

//! How an activity goes on: pure, no database, no HTTP (domain C11).
//!
//! `planned`→`under_way`→`done`, and each of the first two →`dropped`; what was ended by mistake is taken up again.

use approdo_db::text_enum;
use utoipa::ToSchema;

use crate::error::UnmetGuard;

text_enum! {
    /// How an activity stands.
    #[derive(ToSchema)]
    ActivityStatus {
        Planned = "planned",
        UnderWay = "under_way",
        Done = "done",
        /// It is not done, or not to its end.
        Dropped = "dropped",
    }
}

impl ActivityStatus {
    /// Where it can be moved.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Planned => &[Self::UnderWay, Self::Dropped],
            Self::UnderWay => &[Self::Done, Self::Dropped],
            Self::Done | Self::Dropped => &[Self::UnderWay],
        }
    }

    /// Whether it is planned or under way.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::UnderWay)
    }

    /// Why nothing can have come of it; nothing where something can.
    pub fn refusal_of_results(self) -> Option<UnmetGuard> {
        match self {
            Self::UnderWay | Self::Done => None,
            Self::Planned => Some(UnmetGuard::new("begun", "the activity has not begun: move it to under_way first")),
            Self::Dropped => Some(UnmetGuard::new("begun", "the activity was dropped: take it up again first")),
        }
    }

    /// Why a move cannot be made with so many results; nothing where it can. What is done has a result, be it that nothing came of it.
    pub fn lack(to: Self, results: i64) -> Option<UnmetGuard> {
        let without = to == Self::Done && results == 0;
        without.then(|| UnmetGuard::new("result", "say what came of the activity: record a result first"))
    }
}

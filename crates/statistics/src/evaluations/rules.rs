//! How an evaluation round goes on: pure, no database, no HTTP (domain 43).
//!
//! `planned`→`collecting`→`synthesis`→`response`→`closed`; from synthesis it can be opened to contributions once more.

use approdo_db::text_enum;
use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::anonymity::THRESHOLD;
use crate::error::UnmetGuard;

text_enum! {
    /// How an evaluation round stands.
    #[derive(ToSchema)]
    EvaluationRoundStatus {
        Planned = "planned",
        /// Those who are asked contribute.
        Collecting = "collecting",
        /// What was said is put together into themes.
        Synthesis = "synthesis",
        /// Each theme is answered.
        Response = "response",
        /// Everyone reads the themes and what was answered.
        Closed = "closed",
    }

    /// As what somebody takes part in an evaluation.
    #[derive(ToSchema)]
    StakeholderCategory {
        /// A municipality, a prefecture, a region, or another public administration.
        PublicBody = "public_body",
        /// An association, a foundation, a social cooperative, a congregation.
        ThirdSector = "third_sector",
        /// An association of foreigners.
        ForeignersAssociation = "foreigners_association",
        Employer = "employer",
        TradeUnion = "trade_union",
        /// A school of any level, a centre of adult education.
        School = "school",
        HealthService = "health_service",
        EmploymentService = "employment_service",
        /// Who mediates between languages and cultures, as a profession.
        CulturalMediator = "cultural_mediator",
        Researcher = "researcher",
        /// Somebody who lives there, with whatever citizenship: always without a name.
        Resident = "resident",
        Other = "other",
    }

    /// What is done with a contribution.
    #[derive(ToSchema)]
    EvaluationContributionStatus {
        /// It is to be placed under a theme.
        Received = "received",
        /// It is not considered, for a reason.
        SetAside = "set_aside",
    }

    /// What is answered to a theme.
    #[derive(ToSchema)]
    ResponseDecision {
        Accepted = "accepted",
        Partly = "partly",
        NotAccepted = "not_accepted",
    }
}

impl EvaluationRoundStatus {
    /// Where it can be moved.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Planned => &[Self::Collecting],
            Self::Collecting => &[Self::Synthesis],
            Self::Synthesis => &[Self::Collecting, Self::Response],
            Self::Response => &[Self::Closed],
            Self::Closed => &[],
        }
    }
}

impl EvaluationContributionStatus {
    /// Where it can be moved.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Received => &[Self::SetAside],
            Self::SetAside => &[Self::Received],
        }
    }
}

/// What is known of a round that is to be moved.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub status: EvaluationRoundStatus,
    pub has_call: bool,
    pub collects_from: Option<NaiveDate>,
    /// The last day.
    pub collects_until: Option<NaiveDate>,
    /// Categories of stakeholders that are asked.
    pub categories: usize,
    /// All of them, those set aside included.
    pub contributions: i64,
    /// Neither placed under a theme nor set aside.
    pub unplaced: i64,
    pub themes: i64,
    /// Themes without a response.
    pub unanswered: i64,
    pub today: NaiveDate,
}

/// Where a round is to go.
#[derive(Debug, Clone, Copy)]
pub enum Wish {
    /// Until a day: the one planned, where none is named. To open a round once more takes a new one.
    Collecting {
        until: Option<NaiveDate>,
    },
    /// Saying why nobody contributed, where that is so.
    Synthesis {
        says_why_nobody: bool,
    },
    Response,
    Closed,
}

impl Wish {
    pub fn to(self) -> EvaluationRoundStatus {
        match self {
            Self::Collecting { .. } => EvaluationRoundStatus::Collecting,
            Self::Synthesis { .. } => EvaluationRoundStatus::Synthesis,
            Self::Response => EvaluationRoundStatus::Response,
            Self::Closed => EvaluationRoundStatus::Closed,
        }
    }
}

impl Facts {
    /// What stands in the way of a move that the machine has; nothing where it can be made.
    pub fn lacks(&self, wish: Wish) -> Vec<UnmetGuard> {
        let mut lacks = Vec::new();
        let mut demand = |met: bool, guard, detail| {
            if !met {
                lacks.push(UnmetGuard::new(guard, detail));
            }
        };
        match wish {
            Wish::Collecting { until } => {
                let reopened = self.status == EvaluationRoundStatus::Synthesis;
                let last = if reopened { until } else { until.or(self.collects_until) };
                demand(self.has_call, "call", "say what is asked, and of whom, in call_text");
                demand(self.categories > 0, "categories", "name the categories of stakeholders that are asked");
                let in_order = self.collects_from.zip(last).is_some_and(|(first, last)| first <= last);
                demand(in_order, "period", "say from which day until which day contributions are taken");
                let to_come = last.is_none_or(|last| last >= self.today);
                demand(to_come, "period_to_come", "the last day to contribute has passed");
            }
            Wish::Synthesis { says_why_nobody } => {
                let over = self.collects_until.is_some_and(|last| last < self.today);
                demand(
                    over,
                    "collecting_over",
                    "contributions are taken until the end of the last day that was called for",
                );
                let told = self.contributions > 0 || says_why_nobody;
                demand(told, "contributions", "nobody has contributed: say why in no_contributions_reason");
            }
            Wish::Response => {
                let put_together = self.themes > 0 || self.contributions == 0;
                demand(put_together, "themes", "put the contributions together into one theme at least");
                let detail = "place every contribution under a theme, or set it aside with a reason";
                demand(self.unplaced == 0, "contributions_placed", detail);
            }
            Wish::Closed => {
                demand(self.unanswered == 0, "responses", "answer every theme, with reasons");
            }
        }
        lacks
    }
}

/// Why nobody can contribute on a day; nothing where they can: while the round is collecting, from its first day to its last.
pub fn refusal_of_contributions(
    status: EvaluationRoundStatus,
    (from, until): (Option<NaiveDate>, Option<NaiveDate>),
    today: NaiveDate,
) -> Option<UnmetGuard> {
    let has_begun = from.is_some_and(|first| first <= today);
    let lasts = until.is_some_and(|last| today <= last);
    if status == EvaluationRoundStatus::Collecting && has_begun && lasts {
        None
    } else {
        Some(UnmetGuard::new("collecting", "the round takes no contributions today"))
    }
}

/// Why a round cannot be edited so; nothing where it can. Once somebody may have answered a call, it stays what it was; its last day can be
/// put off while it has not passed, and never moved closer.
pub fn refusal_of_edit(
    status: EvaluationRoundStatus,
    changed: &[&str],
    (before, after): (Option<NaiveDate>, Option<NaiveDate>),
    today: NaiveDate,
) -> Option<UnmetGuard> {
    // Once it is over, it is taken up again with a reason (`synthesis`→`collecting`).
    let goes_on = before.is_some_and(|last| today <= last);
    let put_off = changed == ["collects_until"] && goes_on && after.is_some() && after > before;
    match status {
        EvaluationRoundStatus::Planned => None,
        _ if changed.is_empty() => None,
        EvaluationRoundStatus::Collecting if put_off => None,
        EvaluationRoundStatus::Collecting => {
            Some(UnmetGuard::new("planned", "what was called for stays: only the last day can be put off"))
        }
        _ => Some(UnmetGuard::new("planned", "what was called for stays")),
    }
}

/// A number of contributions as everyone may know it; nothing where it is hidden. What residents say is anonymous, and a handful of them
/// may be known to their neighbours; the other categories are bodies and professions, whose number tells of nobody.
pub fn told_to_everyone(category: StakeholderCategory, count: i64) -> Option<i64> {
    let hidden = category == StakeholderCategory::Resident && (1..THRESHOLD).contains(&count);
    if hidden { None } else { Some(count) }
}

//! The case machine (domain 2) and its guards (domain 3): pure, no database, no HTTP.
//!
//! `intake`→`assessment`|`declined`; `assessment`→`planning`→`active`→`evaluation`→`closed`|back to `active`;
//! `assessment`, `planning`, `active` ↔ `on_hold`; any open case → `closed` early; `closed`→`assessment` reopens it.

use approdo_db::text_enum;
use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::codes::Requirement;
use crate::error::UnmetGuard;

text_enum! {
    /// Where a case stands.
    #[derive(ToSchema)]
    CaseStatus {
        Intake = "intake",
        Assessment = "assessment",
        Declined = "declined",
        Planning = "planning",
        Active = "active",
        Evaluation = "evaluation",
        OnHold = "on_hold",
        Closed = "closed",
    }
}

impl CaseStatus {
    /// Whether work on the case may go on.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Declined | Self::Closed)
    }
}

/// The target group of unaccompanied minors, whose cases have guards of their own.
pub const UNACCOMPANIED_MINOR: &str = "unaccompanied_minor";

/// Reasons that close a case early from any open state (domain 2); others close it after evaluation.
pub const EARLY_REASONS: [&str; 5] = ["moved", "withdrew", "no_contact", "deceased", "transferred"];

/// What the rules know of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub status: CaseStatus,
    /// The state a case on hold was in.
    pub held: Option<CaseStatus>,
    pub episode: i64,
}

/// What a move brings with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub to: CaseStatus,
    pub reason: Option<String>,
    pub review_at: Option<NaiveDate>,
}

/// What guards look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub has_manager: bool,
    pub has_legal_basis: bool,
    /// A consent of the person to case work holds today (GDPR art. 6(1)(a)).
    pub has_consent: bool,
    /// What the target group requires and the case and its person lack.
    pub lacking: Vec<Requirement>,
    pub open_tasks: i64,
    /// Completed assessments of the present episode.
    pub completed_assessments: i64,
    pub open_goals: i64,
    /// Referrals from the case that have not come to their end, drafts included.
    pub live_referrals: i64,
    /// Plans of the present episode the person has agreed to, whether approved or not.
    pub agreed_plans: i64,
    /// Those of them that are in force: approved, or agreed where no approval is demanded.
    pub plans_in_force: i64,
    /// An unaccompanied minor who, as far as is known, is one still.
    pub is_unaccompanied_minor: bool,
    /// Guardianships of the person that hold today.
    pub guardians: i64,
    /// Plans of the present episode the person has agreed to that arrange for the eighteenth birthday.
    pub plans_for_coming_of_age: i64,
}

/// What a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// One step along the machine.
    Step,
    Hold,
    Resume,
    /// Closed from any open state: open tasks are cancelled with it, open goals dropped.
    CloseEarly,
    /// Closed after evaluation: nothing may be left open.
    Close,
    Reopen,
}

/// Which move leads from a state to another; none where the machine has no such edge.
pub fn recognise(state: State, intent: &Intent) -> Option<Move> {
    use CaseStatus::{Active, Assessment, Closed, Declined, Evaluation, Intake, OnHold, Planning};
    let early = intent.reason.as_deref().is_some_and(|reason| EARLY_REASONS.contains(&reason));
    match (state.status, intent.to) {
        (from, Closed) if from.is_open() && early => Some(Move::CloseEarly),
        (Evaluation, Closed) => Some(Move::Close),
        (Closed, Assessment) => Some(Move::Reopen),
        (OnHold, to) if state.held == Some(to) => Some(Move::Resume),
        (Assessment | Planning | Active, OnHold) => Some(Move::Hold),
        (Intake, Assessment | Declined)
        | (Assessment, Planning)
        | (Planning, Active)
        | (Active, Evaluation)
        | (Evaluation, Active) => Some(Move::Step),
        _ => None,
    }
}

/// Where a case may go by policy and status alone: guards are not looked at.
pub fn allowed(state: State) -> Vec<CaseStatus> {
    CaseStatus::ALL
        .iter()
        .copied()
        .filter(|&to| {
            // Closing is possible early wherever it is not possible otherwise.
            let reason = (to == CaseStatus::Closed).then(|| EARLY_REASONS.first().map(ToString::to_string)).flatten();
            recognise(state, &Intent { to, reason, review_at: None }).is_some()
        })
        .collect()
}

/// One source of guards. A later area adds its own to `PROVIDERS` and leaves the rest alone.
type Provider = fn(State, Move, &Intent, &Facts) -> Vec<UnmetGuard>;

const PROVIDERS: [Provider; 5] = [responsibility, planning, minority, open_work, what_the_move_needs];

fn responsibility(state: State, made: Move, intent: &Intent, facts: &Facts) -> Vec<UnmetGuard> {
    let mut unmet = Vec::new();
    if made == Move::Step && state.status == CaseStatus::Intake && intent.to == CaseStatus::Assessment {
        if !facts.has_manager {
            unmet.push(UnmetGuard::new("case_manager", "assign a case manager first"));
        }
        if !facts.has_legal_basis && !facts.has_consent {
            let detail = "state the legal basis, or record the person's consent to case work, first";
            unmet.push(UnmetGuard::new("legal_basis", detail));
        }
        unmet.extend(facts.lacking.iter().copied().map(required));
    }
    unmet
}

/// What the target group requires, as its code list says (domain K9).
fn required(lacking: Requirement) -> UnmetGuard {
    match lacking {
        Requirement::ArrivedOn => {
            UnmetGuard::new("arrived_on", "say first when the person arrived: this target group requires it")
        }
        Requirement::Citizenships => {
            UnmetGuard::new("citizenships", "record the person's citizenships first: this target group requires them")
        }
        Requirement::DateOfBirth => {
            UnmetGuard::new("date_of_birth", "record the person's date of birth first: this target group requires it")
        }
        Requirement::LegalStatus => {
            UnmetGuard::new("legal_status", "record the legal status of today first: this target group requires it")
        }
        Requirement::Languages => {
            UnmetGuard::new("languages", "record the person's languages first: this target group requires them")
        }
    }
}

// A plan holds at least one goal from the moment it is agreed on, so an agreed plan answers for both.
fn planning(state: State, made: Move, intent: &Intent, facts: &Facts) -> Vec<UnmetGuard> {
    let mut unmet = Vec::new();
    if made != Move::Step {
        return unmet;
    }
    let way = (state.status, intent.to);
    if way == (CaseStatus::Assessment, CaseStatus::Planning) && facts.completed_assessments == 0 {
        unmet.push(UnmetGuard::new("completed_assessment", "complete an assessment first"));
    }
    if way == (CaseStatus::Planning, CaseStatus::Active) {
        if facts.agreed_plans == 0 {
            unmet
                .push(UnmetGuard::new("client_agreement", "agree a plan with at least one goal with the person first"));
        } else if facts.plans_in_force == 0 {
            unmet.push(UnmetGuard::new(
                "plan_approval",
                "have the plan approved by somebody else than its author first",
            ));
        }
    }
    unmet
}

/// A minor acts through a guardian, and a plan that ends at eighteen is none (Italian law 47/2017, art. 11 and 13).
fn minority(state: State, made: Move, intent: &Intent, facts: &Facts) -> Vec<UnmetGuard> {
    let mut unmet = Vec::new();
    let activated = made == Move::Step && (state.status, intent.to) == (CaseStatus::Planning, CaseStatus::Active);
    if !activated || !facts.is_unaccompanied_minor {
        return unmet;
    }
    if facts.guardians == 0 {
        unmet.push(UnmetGuard::new("guardian", "record the minor's guardian first"));
    }
    if facts.plans_for_coming_of_age == 0 {
        unmet.push(UnmetGuard::new(
            "coming_of_age_plan",
            "agree a plan that arranges for the eighteenth birthday first",
        ));
    }
    unmet
}

fn open_work(_: State, made: Move, _: &Intent, facts: &Facts) -> Vec<UnmetGuard> {
    let mut unmet = Vec::new();
    if made == Move::Close {
        if facts.open_tasks > 0 {
            unmet.push(UnmetGuard::new("no_open_task", "finish or cancel the open tasks first"));
        }
        if facts.live_referrals > 0 {
            unmet.push(UnmetGuard::new("no_live_referral", "close, cancel or hand over the referrals first"));
        }
        if facts.open_goals > 0 {
            unmet.push(UnmetGuard::new("goal_outcome", "note the outcome of each goal first"));
        }
    }
    unmet
}

fn what_the_move_needs(_: State, made: Move, intent: &Intent, _: &Facts) -> Vec<UnmetGuard> {
    let needs_reason = matches!(made, Move::Close | Move::CloseEarly | Move::Reopen)
        || (made == Move::Step && intent.to == CaseStatus::Declined);
    let mut unmet = Vec::new();
    if needs_reason && intent.reason.is_none() {
        unmet.push(UnmetGuard::new("reason_code", "state the reason"));
    }
    if made == Move::Hold && intent.review_at.is_none() {
        unmet.push(UnmetGuard::new("review_at", "say when the case will be looked at again"));
    }
    unmet
}

/// Decides a move: the new state with the kind of move, or every guard that is not met.
pub fn decide(state: State, intent: &Intent, facts: &Facts) -> Result<(State, Move), Vec<UnmetGuard>> {
    let Some(made) = recognise(state, intent) else {
        let allowed: Vec<&str> = allowed(state).into_iter().map(CaseStatus::as_str).collect();
        return Err(vec![UnmetGuard {
            guard: "allowed_transition".into(),
            detail: format!("from {} a case can become: {}", state.status, allowed.join(", ")).into(),
        }]);
    };
    let unmet: Vec<UnmetGuard> = PROVIDERS.iter().flat_map(|provider| provider(state, made, intent, facts)).collect();
    if !unmet.is_empty() {
        return Err(unmet);
    }
    let next = State {
        status: intent.to,
        held: (made == Move::Hold).then_some(state.status),
        episode: if made == Move::Reopen { state.episode + 1 } else { state.episode },
    };
    Ok((next, made))
}

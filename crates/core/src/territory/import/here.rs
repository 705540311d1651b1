//! What is here already, read once: an import compares with it, so that it changes nothing where nothing differs.

use std::collections::{HashMap, HashSet};

use approdo_db::Connection;
use approdo_db::schema::{territories, territory_codes, territory_events, territory_figures};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::territory::codes::{CodeBook, CodeSystem, TerritoryCode};
use crate::territory::events::{TerritoryEvent, TerritoryEventKind};
use crate::territory::figures::{FigureMeasure, TerritoryFigure};
use crate::territory::territories::Territory;

/// What a figure says.
pub type Said = (Option<f64>, Option<f64>, Option<f64>);

/// Territories with all that an import can tell of them.
#[derive(Debug, Default)]
pub struct Here {
    pub book: CodeBook,
    pub rows: HashMap<TerritoryId, Territory>,
    codes: HashSet<(TerritoryId, CodeSystem, String)>,
    systems: HashSet<(TerritoryId, CodeSystem)>,
    events: HashSet<(TerritoryId, TerritoryEventKind, NaiveDate)>,
    moved: HashSet<TerritoryId>,
    pub figures: HashMap<(TerritoryId, FigureMeasure, NaiveDate), Said>,
}

impl Here {
    pub fn read(connection: &mut Connection) -> QueryResult<Self> {
        let mut here = Self::default();
        let rows: Vec<Territory> = territories::table.load(connection)?;
        here.rows = rows.into_iter().map(|row| (row.id, row)).collect();
        let codes: Vec<TerritoryCode> = territory_codes::table.load(connection)?;
        for code in codes {
            here.note_code(&code);
        }
        let events: Vec<TerritoryEvent> = territory_events::table.load(connection)?;
        for event in events {
            here.note_event(event.from_territory_id, event.kind, event.effective_on);
        }
        let figures: Vec<TerritoryFigure> = territory_figures::table.load(connection)?;
        for figure in figures {
            here.note_figure(&figure);
        }
        Ok(here)
    }

    pub fn note_code(&mut self, code: &TerritoryCode) {
        let (of, system) = (code.territory_id, code.code_system);
        self.book.note(system, code.code.clone(), (code.valid_from, code.valid_to, of));
        self.codes.insert((of, system, code.code.clone()));
        self.systems.insert((of, system));
    }

    pub fn note_figure(&mut self, figure: &TerritoryFigure) {
        let said = (figure.value, figure.latitude, figure.longitude);
        self.figures.insert((figure.territory_id, figure.measure, figure.on), said);
    }

    pub fn note_event(&mut self, of: TerritoryId, kind: TerritoryEventKind, on: NaiveDate) {
        self.events.insert((of, kind, on));
        if kind == TerritoryEventKind::Parent {
            self.moved.insert(of);
        }
    }

    /// Whether it is known to have lain elsewhere.
    pub fn has_moved(&self, of: TerritoryId) -> bool {
        self.moved.contains(&of)
    }

    /// Whether a territory has or had a code.
    pub fn has_code(&self, of: TerritoryId, system: CodeSystem, code: &str) -> bool {
        self.codes.contains(&(of, system, code.to_owned()))
    }

    /// Whether it has or had any code of a system.
    pub fn has_code_of(&self, of: TerritoryId, system: CodeSystem) -> bool {
        self.systems.contains(&(of, system))
    }

    pub fn has_event(&self, of: TerritoryId, kind: TerritoryEventKind, on: NaiveDate) -> bool {
        self.events.contains(&(of, kind, on))
    }
}

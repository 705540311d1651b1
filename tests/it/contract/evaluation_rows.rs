//! Rows of observatories, their evaluations and objectives, for the walk.

use serde_json::json;

use super::rows::Rows;
use crate::support::Client;

impl Rows<'_> {
    pub(super) fn make_of_evaluation(&self, anna: &Client, name: &str) -> String {
        let (path, body) = match name {
            "observatory" => (
                "/observatories".to_owned(),
                json!({"organisation_id": self.organisation, "territory_id": self.territory, "name": "Osservatorio"}),
            ),
            "observatory_entry" => (
                format!("/observatories/{}/entries", self.observatory()),
                json!({"kind": "network", "resource_id": self.network()}),
            ),
            "evaluation_contribution" => (
                format!("/evaluation-rounds/{}/contributions", self.collecting_round()),
                json!({"category": "school", "organisation_id": self.organisation, "text": "Begin later.", "language": "en"}),
            ),
            "evaluation_theme" => (
                format!("/evaluation-rounds/{}/themes", self.evaluated_round()),
                json!({"title": "Hours", "summary": "Too early."}),
            ),
            "published_theme" => {
                let round = self.make_of_evaluation(anna, "evaluated_round");
                let new = json!({"title": "Hours", "summary": "Too early."});
                let theme = anna.post(&format!("/evaluation-rounds/{round}/themes"), &new).expect(201).id();
                self.stage.round_stands(&round, "closed");
                return theme;
            }
            "evaluation_round" | "collecting_round" | "evaluated_round" => return self.make_round(anna, name),
            "objective" => (
                "/objectives".to_owned(),
                json!({"organisation_id": self.organisation, "territory_id": self.territory, "title": "More courses",
                    "starts_on": "2026-01-01"}),
            ),
            "planned_activity" | "activity" => (
                format!("/objectives/{}/activities", self.objective()),
                json!({"title": "Saturdays", "responsible_organisation_id": self.organisation}),
            ),
            _ => (
                format!("/activities/{}/results", self.activity()),
                json!({"reached_on": "2026-01-31", "description": "Four towns."}),
            ),
        };
        let id = anna.post(&path, &body).expect(201).id();
        if name == "activity" {
            anna.post_matching(&format!("/activities/{id}/transitions"), "*", &json!({"to": "under_way"})).expect(201);
        }
        id
    }

    fn make_round(&self, anna: &Client, name: &str) -> String {
        let new = json!({"observatory_id": self.observatory(), "title": "Courses", "call_text": "What do they need?",
            "collects_from": "2026-01-01", "collects_until": "2098-12-31", "categories": ["school"]});
        let id = anna.post("/evaluation-rounds", &new).expect(201).id();
        if name != "evaluation_round" {
            let moves = format!("/evaluation-rounds/{id}/transitions");
            anna.post_matching(&moves, "*", &json!({"to": "collecting"})).expect(201);
        }
        if name == "evaluated_round" {
            self.stage.round_stands(&id, "synthesis");
        }
        id
    }
}

//! Rows of policy documents, datasets and what is made of them, for the walk.

use serde_json::json;

use super::rows::Rows;
use super::spec::operation;
use super::stage::TABLE;
use crate::observatory;
use crate::support::Client;

impl Rows<'_> {
    pub(super) fn make_of_policies(&self, anna: &Client, name: &str) -> String {
        let (path, body) = if name == "policy_document" {
            (
                "/policy-documents".to_owned(),
                json!({"organisation_id": self.organisation, "issuing_organisation_id": self.organisation,
                    "territory_id": self.territory, "kind": "resolution", "policy_area": "social", "title": "Sportelli",
                    "adopted_on": "2026-01-10"}),
            )
        } else {
            (
                format!("/policy-documents/{}/measures", self.policy_document()),
                json!({"title": "Mediators", "responsible_organisation_id": self.organisation}),
            )
        };
        anna.post(&path, &body).expect(201).id()
    }

    pub(super) fn make_of_the_observatory(&self, anna: &Client, name: &str) -> String {
        let mut new = operation("create_dataset").example().expect("an example");
        (new["organisation_id"], new["code"]) =
            (json!(self.organisation), json!(format!("{}_{}", name.to_uppercase(), self.number)));
        new["dimensions"][0]["closed"] = json!(false);
        let import = |dataset: &str| {
            let mut new = operation("create_data_import").example().expect("an example");
            new["dataset_id"] = json!(dataset);
            anna.post("/data-imports", &new).expect(201).id()
        };
        match name {
            "data_import" => import(&self.dataset()),
            "dataset" => anna.post("/datasets", &new).expect(201).id(),
            "computed_dataset" => {
                let known =
                    anna.get(&format!("/datasets?organisation_id={}&limit=200", self.organisation)).expect(200).json();
                let mut known = known["items"].as_array().expect("datasets").iter();
                // An organisation has one.
                if let Some(known) = known.find(|known| known.get("computed_from").is_some()) {
                    return known["id"].as_str().expect("an id").to_owned();
                }
                // There is to be something to count.
                let mut person = self.stage.world.person_in_udine();
                (person["owner_org_id"], person["territory_id"]) = (json!(self.organisation), json!(self.territory));
                let person = self.manager.post("/people", &person).expect(201).id();
                let case = json!({"person_id": person, "target_group": "refugee", "opened_on": "2025-03-01"});
                self.manager.post("/cases", &case).expect(201);
                (new["computed_from"], new["suppress_below"]) =
                    (json!({"source": "cases_open", "period": "year"}), json!(5));
                anna.post("/datasets", &new).expect(201).id()
            }
            "indicator" => {
                let mut new = operation("create_indicator").example().expect("an example");
                (new["organisation_id"], new["code"]) = (json!(self.organisation), json!(format!("I_{}", self.number)));
                new["numerator"]["dataset_id"] = json!(self.published_dataset());
                anna.post("/indicators", &new).expect(201).id()
            }
            _ => {
                let dataset = anna.post("/datasets", &new).expect(201).id();
                let path = format!("/data-imports/{}", import(&dataset));
                anna.put_file(&format!("{path}/content"), "*", "text/csv", TABLE).expect(202);
                let release = observatory::ended(anna, &path)["release_id"].as_str().expect("a release").to_owned();
                if name == "release" {
                    return release;
                }
                for to in ["validated", "approved", "published"] {
                    observatory::moved(anna, &release, &json!({"to": to})).expect(201);
                }
                if name == "published_release" { release } else { dataset }
            }
        }
    }
}

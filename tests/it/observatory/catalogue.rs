//! The catalogue of what is published, as portals harvest it (DCAT-AP_IT).

use serde_json::{Value, json};

use super::{dataset, elena, imported, published};
use crate::both;
use crate::support::World;
use crate::support::http::Answer;

const FILE: &[u8] = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n030129,9,2024,14200\n030129,9,2025,14500\n";

const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

fn asked(world: &World, accept: &str) -> Answer {
    world.nobody().send("GET", "/catalog", &[("accept", accept)], None)
}

/// The nodes of a class, from the expanded form of JSON-LD.
fn of_class<'a>(graph: &'a Value, class: &str) -> Vec<&'a Value> {
    let nodes = graph.as_array().expect("a graph").iter();
    nodes
        .filter(|node| node[TYPE].as_array().is_some_and(|types| types.iter().any(|kind| kind["@id"] == class)))
        .collect()
}

both! {
    fn what_is_published_is_in_the_catalogue_and_nothing_else(world: &World) {
        // The profile knows no empty catalogue.
        asked(world, "*/*").expect(404);
        let known = dataset(world, "FOREIGNERS");
        published(&elena(world), &known, FILE);
        imported(&elena(world), &dataset(world, "DRAFT"), FILE);

        let graph: Value = serde_json::from_str(&asked(world, "application/ld+json").expect(200).text).expect("JSON-LD");
        let datasets = of_class(&graph, "http://dati.gov.it/onto/dcatapit#Dataset");
        assert_eq!(datasets.len(), 1, "{graph}");
        let told = |term: &str| &datasets[0][format!("http://purl.org/dc/terms/{term}")][0];
        assert_eq!(told("title")["@value"], "Resident foreigners on 1 January");
        assert_eq!(told("identifier")["@value"], format!("{}:FOREIGNERS", world.fixture.root));
        assert_eq!(told("accrualPeriodicity")["@id"], "http://publications.europa.eu/resource/authority/frequency/ANNUAL");
        let forms = of_class(&graph, "http://dati.gov.it/onto/dcatapit#Distribution");
        assert_eq!(forms.len(), 3);
        let licence = &forms[0]["http://purl.org/dc/terms/license"][0]["@id"];
        assert_eq!(*licence, json!("http://creativecommons.org/licenses/by/4.0/"));
        // Each form is there to be had.
        for form in forms {
            let address = form["http://www.w3.org/ns/dcat#accessURL"][0]["@id"].as_str().expect("an address");
            let path = &address[address.find("/rest/sdmx").expect("a path")..];
            let accept = form["http://purl.org/dc/terms/description"][0]["@value"].as_str().expect("a description");
            let accept = accept.split_once("Accept: ").expect("what to ask with").1;
            let answer = world.nobody().send("GET", &format!("/{path}"), &[("accept", accept)], None).expect(200);
            assert!(answer.header("content-type").starts_with(accept.split(';').next().expect("a type")), "{accept}");
        }
    }

    fn the_catalogue_comes_in_three_forms_and_no_other(world: &World) {
        published(&elena(world), &dataset(world, "FORMS"), FILE);
        for (accept, begins) in [
            ("application/ld+json", "["),
            ("text/turtle", "@prefix"),
            ("application/rdf+xml", "<?xml"),
            ("*/*", "["),
            ("text/turtle;q=0.1, application/rdf+xml", "<?xml"),
        ] {
            let answer = asked(world, accept).expect(200);
            assert!(answer.text.starts_with(begins), "{accept}: {}", &answer.text[..80]);
            assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
            assert!(answer.text.contains("FORMS"));
        }
        asked(world, "text/csv").expect(406);
    }
}

//! Indicators as pictures.

use serde_json::json;

use super::queries::{dataset_of, land};
use super::{elena, published};
use crate::both;

both! {
    fn a_page_can_show_an_indicator_as_an_image(world: &World) {
        let id = land(world);
        let (elena, anna) = (elena(world), world.anna_system_administrator());
        for (code, latitude) in [("901001", 46.0), ("901002", 46.2)] {
            let point = json!({"measure": "point", "on": "2024-01-01", "latitude": latitude, "longitude": 13.2, "source": "ISTAT"});
            anna.post(&format!("/territories/{}/figures", id(code)), &point).expect(201);
        }
        let dataset = dataset_of(world, "STOCK", "stock", &[]);
        let new = json!({"organisation_id": world.fixture.root, "code": "STOCK", "name": "Foreigners <b>", "unit": "persons",
            "numerator": {"dataset_id": dataset}, "method": "Counted."});
        let indicator = elena.post("/indicators", &new).expect(201).id();
        let chart = |query: &str| {
            let path = format!("/indicators/{indicator}/chart?{query}");
            world.nobody().send("GET", &path, &[("accept", "image/avif,image/webp,image/svg+xml,*/*;q=0.8"), ("accept-language", "it")], None)
        };
        chart("").expect(404);
        published(&elena, &dataset, b"REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n901001,2024,1234.5,\n901001,2025,1300,p\n901002,2024,,Q\n901002,2025,7,\n");
        for form in ["time_series", "bars", "table", "map"] {
            for places in ["codes=901001,901002".to_owned(), format!("under={}&level=municipality", id("90")), String::new()] {
                let picture = chart(&format!("form={form}&{places}")).expect(200);
                assert_eq!(picture.header("content-type"), "image/svg+xml");
                assert_eq!(picture.header("cache-control"), "public, max-age=60");
                assert_eq!(picture.header("cross-origin-resource-policy"), "cross-origin");
                assert!(picture.header("content-security-policy").contains("sandbox"));
                let text = &picture.text;
                assert!(text.contains("<svg") && text.contains("role=\"img\"") && text.contains("lang=\"it\""), "{form}: {text}");
                assert!(text.contains("Foreigners &lt;b&gt;") && text.contains("A register") && text.contains("Place 901001"), "{form}");
            }
        }
        assert!(chart("form=table&codes=901001&to=2024").expect(200).text.contains("1.234,5"));
        for query in ["form=pie", "codes=999999", "level=province", "compare=rank"] {
            chart(query).expect(400);
        }
        let path = format!("/indicators/{indicator}/chart");
        world.nobody().send("GET", &path, &[("accept", "image/png")], None).expect(406);
        world.nobody().get("/indicators/01985b2e-0000-7000-8000-000000000001/chart").expect(404);
    }
}

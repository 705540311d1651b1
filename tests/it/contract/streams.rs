//! Media types besides JSON: whoever documents them answers them, and nobody else does.

use serde_json::Value;

use super::answer::keeps_the_contract;
use super::spec::{operations, resolved, violations};
use super::stage::Stage;
use crate::both;

both! { in_a_sandbox:
    fn a_list_streams_what_it_documents_and_everything_else_is_json_alone(world: &World) {
        let stage = Stage::new(world);
        let rows = stage.in_udine();
        // A stream is to have something to look at.
        rows.task();
        let maria = world.maria_case_manager();
        let mut streamed = Vec::new();
        // Open operations look at no headers.
        let reads = operations().into_iter().filter(|operation| operation.method == "GET" && !operation.is_open());
        for operation in reads {
            let content = operation.answer(200).map_or(&Value::Null, |answer| &answer["content"]);
            let path = stage.path(&operation, &rows);
            for media_type in ["application/x-ndjson", "text/csv"] {
                let documented = content.get(media_type).is_some();
                let answer = maria.send("GET", &path, &[("accept", media_type)], None);
                if !documented {
                    let refused = [401, 403, 404, 406].contains(&answer.status);
                    assert!(refused, "{} as {media_type}: {}", operation.id, answer.status);
                    keeps_the_contract(&operation, &answer);
                    continue;
                }
                assert_eq!(answer.status, 200, "{}: {}", operation.id, answer.text);
                assert!(answer.header("content-type").starts_with(media_type), "{}", operation.id);
                streamed.push((operation.id, media_type));
                if media_type == "application/x-ndjson" {
                    let page = resolved(&content["application/json"]["schema"]);
                    assert!(!answer.text.is_empty(), "{} has no row to look at", operation.id);
                    for line in answer.text.lines() {
                        let row: Value = serde_json::from_str(line).expect("JSON");
                        assert_eq!(violations(&page["properties"]["items"]["items"], &row), Vec::<String>::new());
                    }
                }
            }
        }
        let lists = ["list_cases", "list_households", "list_tasks_of_all_cases"];
        let mut expected: Vec<_> =
            lists.iter().flat_map(|id| [(*id, "application/x-ndjson"), (*id, "text/csv")]).collect();
        // A table that is no stream.
        expected.push(("read_indicator_values", "text/csv"));
        expected.sort_unstable();
        streamed.sort_unstable();
        assert_eq!(streamed, expected);
    }
}

//! Two Rust types with one schema name: the document would keep the last and say nothing. So the sources are searched.

use std::collections::BTreeMap;
use std::path::Path;

use super::spec::document;

/// Schema names, each with the files that declare it.
type Names = BTreeMap<String, Vec<String>>;

/// Names that the sources give to schemas, with where: types that derive `ToSchema`, renamed by `as = …` or not, and pages.
fn schema_names(file: &str, text: &str, names: &mut Names) {
    let mut derives = false;
    let mut renamed: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.split_once("as = ").map(|(_, rest)| rest)
            && line.starts_with("#[schema(")
        {
            renamed = Some(rest.chars().take_while(|c| c.is_alphanumeric() || *c == ':').collect());
        }
        derives |= line.starts_with("#[derive(") && line.contains("ToSchema");
        let words: Vec<&str> =
            line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
        let declared = match words.as_slice() {
            // Inside `page_of!`, `define_id!` and `text_enum!` the name stands at the beginning of its line.
            [name, "of", _] => Some((*name, true)),
            [.., "struct" | "enum", name] if line.contains(&format!(" {name}")) => Some((*name, derives)),
            ["struct" | "enum", name, ..] | ["pub", "struct" | "enum", name, ..] => Some((*name, derives)),
            [name] if derives && name.starts_with(|c: char| c.is_ascii_uppercase()) && !line.starts_with("#[") => {
                Some((*name, true))
            }
            _ => None,
        };
        if let Some((name, true)) = declared
            && !line.starts_with("//")
        {
            let name = renamed.take().unwrap_or_else(|| name.to_owned());
            names.entry(name).or_default().push(file.to_owned());
        }
        if declared.is_some() && !line.starts_with("//") {
            (derives, renamed) = (false, None);
        }
    }
}

fn sources(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path);
        }
    }
}

/// Names that are declared more than once.
fn twice(names: &Names) -> Vec<&str> {
    names.iter().filter(|(_, files)| files.len() > 1).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn no_two_types_share_a_schema_name() {
    let mut names = Names::new();
    for folder in ["src", "crates/core", "crates/directory", "crates/casework", "crates/statistics"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut |file| {
            let text = std::fs::read_to_string(file).expect("a source file");
            schema_names(&file.display().to_string(), &text, &mut names);
        });
    }
    assert_eq!(twice(&names), [""; 0]);
    // The search has to see them all, or it proves nothing. `Timestamp` is in the crate of the database.
    let there = document()["components"]["schemas"].as_object().expect("schemas").keys();
    let unseen: Vec<&String> = there.filter(|name| !names.contains_key(*name) && *name != "Timestamp").collect();
    assert!(unseen.is_empty(), "not found in the sources: {unseen:?}");
}

#[test]
fn the_search_sees_every_way_to_declare_a_schema() {
    let one = "#[derive(Debug, ToSchema)]\npub struct Note {\n}\n\npage_of! {\n    /// Pages.\n    NotePage of Note\n}\n\n\
        define_id! {\n    /// An id.\n    #[derive(ToSchema)]\n    NoteId;\n}\n\n\
        text_enum! {\n    #[derive(ToSchema)]\n    Colour {\n        Red = \"red\",\n    }\n}\n\n\
        #[derive(ToSchema)]\n#[schema(as = Letter)]\nstruct Private(String);\n\n#[derive(Debug)]\npub struct Row {}\n";
    let mut names = Names::new();
    schema_names("one.rs", one, &mut names);
    assert_eq!(names.keys().collect::<Vec<_>>(), ["Colour", "Letter", "Note", "NoteId", "NotePage"]);
    schema_names(
        "two.rs",
        "#[derive(ToSchema)]\n#[serde(tag = \"to\")]\npub enum Note {\n}\n#[derive(Debug)]\nstruct Letter;",
        &mut names,
    );
    assert_eq!(twice(&names), ["Note"]);
}

use super::etag::{IfMatch, IfNoneMatch, View};
use super::page::without_paging;
use super::request::{Language, preferred};
use crate::error::Kind;

fn if_match(text: &str) -> IfMatch {
    IfMatch::of(Some(text))
}

#[test]
fn if_match_compares_the_version_alone() {
    assert!(if_match("\"3.abcdef\"").check(3).is_ok());
    assert!(if_match("\"3.another-view\"").check(3).is_ok());
    assert_eq!(if_match("\"2.abcdef\"").check(3).map_err(|error| error.kind()), Err(Kind::PreconditionFailed));
}

#[test]
fn the_preferred_language_is_the_first_of_the_highest_quality_if_it_is_one() {
    for (accepted, language) in [
        ("uk-UA, it;q=0.8", Some("uk")),
        ("it;q=0.8, UK", Some("uk")),
        ("de, en", Some("de")),
        ("fil", Some("fil")),
        ("*, uk;q=0.9", None),
        ("uk;q=0", None),
        ("uk;q=high", None),
        ("", None),
        ("x-klingon", None),
    ] {
        assert_eq!(preferred(accepted).as_deref(), language, "{accepted}");
    }
}

#[test]
fn if_match_takes_a_list_and_a_star_and_never_a_weak_tag() {
    assert!(if_match("\"1.a\", \"3.b\"").check(3).is_ok());
    assert!(if_match("*").check(3).is_ok());
    assert!(if_match("W/\"3.a\"").check(3).is_err());
    assert_eq!(IfMatch::of(None).check(3).map_err(|error| error.kind()), Err(Kind::PreconditionRequired));
}

#[test]
fn a_view_changes_with_everything_that_shapes_the_answer() {
    let plain = View::default();
    let tags = [
        plain.tag(1),
        plain.tag(2),
        View { fields: "id", ..plain.clone() }.tag(1),
        View { embed: "id", ..plain.clone() }.tag(1),
        View { language: "it", ..plain.clone() }.tag(1),
        View { coding: "gzip", ..plain.clone() }.tag(1),
        View { auth_epoch: 2, ..plain.clone() }.tag(1),
        View { principal: uuid::Uuid::max(), ..plain.clone() }.tag(1),
    ];
    let distinct: std::collections::HashSet<&String> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len());
    assert!(IfNoneMatch::of(Some(&tags[0])).holds(&tags[0]));
    assert!(!IfNoneMatch::of(Some(&tags[0])).holds(&tags[1]));
}

#[test]
fn the_best_of_our_languages_is_chosen() {
    for (accepted, language) in [
        ("", Language::En),
        ("fr", Language::En),
        ("de-AT, it;q=0.5", Language::De),
        ("fr, it;q=0.8, de;q=0.9", Language::De),
        ("it-IT", Language::It),
        ("it;q=nonsense, en;q=0.1", Language::En),
    ] {
        assert_eq!(Language::negotiate(accepted), language, "{accepted}");
    }
}

#[test]
fn a_cursor_belongs_to_a_filter_however_it_is_ordered() {
    assert_eq!(without_paging("status=open&limit=5&a=b&cursor=x"), without_paging("a=b&status=open"));
    assert_ne!(without_paging("status=open"), without_paging("status=done"));
}

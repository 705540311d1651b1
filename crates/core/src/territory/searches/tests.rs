//! How near names are.

use super::*;

#[test]
fn names_fit_wholly_in_part_at_their_beginning_or_nearly() {
    let kind = |asked: &str, name: &str| fit(&folded(asked), name).map(|(_, kind)| kind);
    use TerritoryMatchKind as K;
    for (asked, name, expected) in [
        ("AGLIE'", "Agliè", Some(K::Name)),
        ("aldein", "Aldino/Aldein", Some(K::NamePart)),
        ("Devin Nabrezina", "Duino Aurisina-Devin Nabrežina", Some(K::NamePart)),
        ("cividale", "Cividale del Friuli", Some(K::NameBeginning)),
        ("Cervingano del Friuli", "Cervignano del Friuli", Some(K::SimilarName)),
        ("Reggio Emilia", "Reggio nell'Emilia", Some(K::NameWords)),
        ("Roma", "Milano", None),
    ] {
        assert_eq!(kind(asked, name), expected, "{asked} {name}");
    }
}

#[test]
fn a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() {
    let udine = SearchPoint { latitude: 46.0, longitude: 13.0 };
    assert!((metres(udine, 47.0, 13.0) - 111_195.0).abs() < 1.0);
    assert!((metres(udine, 46.0, 13.0)).abs() < 1e-6);
    let antimeridian = SearchPoint { latitude: 0.0, longitude: 179.9 };
    assert!(metres(antimeridian, 0.0, -179.9) < 23_000.0);
}

//! Licences by what is told of them.

use approdo_catalogue::Licence;
use approdo_catalogue::licence::LicenceType;

const CC: &str = "http://creativecommons.org/licenses/";

#[test]
fn known_names_lead_to_their_licences() {
    for (text, address, kind, version) in [
        ("CC BY 4.0", "by/4.0/", LicenceType::Attribution, "4.0"),
        ("cc-by-4.0", "by/4.0/", LicenceType::Attribution, "4.0"),
        ("CC_BY 4.0 International", "by/4.0/", LicenceType::Attribution, "4.0"),
        ("Creative Commons Attribution 4.0", "by/4.0/", LicenceType::Attribution, "4.0"),
        ("https://creativecommons.org/licenses/by/4.0/deed.it", "by/4.0/", LicenceType::Attribution, "4.0"),
        ("https://creativecommons.org/licenses/by/3.0/it/legalcode.en", "by/3.0/it/", LicenceType::Attribution, "3.0"),
        ("CC BY-SA 3.0", "by-sa/3.0/", LicenceType::ShareAlike, "3.0"),
        ("CC BY 3.0 IT", "by/3.0/it/", LicenceType::Attribution, "3.0"),
        ("CC BY-NC-SA 2.5", "by-nc-sa/2.5/", LicenceType::NonCommercial, "2.5"),
        ("CC BY-ND 4.0", "by-nd/4.0/", LicenceType::NoDerivatives, "4.0"),
    ] {
        let licence = Licence::of(Some(text));
        assert_eq!(licence.address(), Some(format!("{CC}{address}").as_str()), "{text}");
        assert_eq!((licence.kind(), licence.version()), (kind, Some(version)), "{text}");
        assert_eq!(licence.name(), Some(text));
    }
    for (text, address, kind) in [
        ("CC0", "http://creativecommons.org/publicdomain/zero/1.0/", LicenceType::PublicDomain),
        ("CC0 1.0 Universal", "http://creativecommons.org/publicdomain/zero/1.0/", LicenceType::PublicDomain),
        ("IODL 2.0", "https://www.dati.gov.it/iodl/2.0/", LicenceType::Attribution),
        ("Licenza IODL v2.0", "https://www.dati.gov.it/iodl/2.0/", LicenceType::Attribution),
        ("ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/", LicenceType::ShareAlike),
        ("ODC-BY", "https://opendatacommons.org/licenses/by/1-0/", LicenceType::Attribution),
    ] {
        let licence = Licence::of(Some(text));
        assert_eq!((licence.address(), licence.kind()), (Some(address), kind), "{text}");
    }
}

#[test]
fn a_licence_without_its_version_is_of_its_type_and_no_more() {
    let licence = Licence::of(Some("CC BY-SA"));
    assert_eq!((licence.address(), licence.kind(), licence.version()), (None, LicenceType::ShareAlike, None));
}

#[test]
fn a_text_with_anything_else_in_it_is_no_known_licence() {
    for text in [
        "Not CC BY 4.0",
        "CC BY 4.0, except photographs",
        "CC BY 4.1",
        "CC BY 4.0 3.0",
        "CC SA 4.0",
        "CC BY-SA-ND 4.0",
        "CC BY 4.0 IT",
        "CC0 BY",
        "BY 4.0",
        "IODL",
        "https://creativecommons.org/licenses/by/4.0/deed.it except photographs",
        "All rights reserved",
        "https://evil.example/licenses/by/4.0/",
    ] {
        let licence = Licence::of(Some(text));
        assert_eq!((licence.address(), licence.kind()), (None, LicenceType::Unknown), "{text}");
        assert_eq!(licence.name(), Some(text));
    }
}

#[test]
fn without_a_text_it_is_the_unknown_licence_of_the_national_vocabulary() {
    for text in [None, Some(""), Some(" \u{0} ")] {
        let licence = Licence::of(text);
        assert_eq!(licence.address(), Some("https://w3id.org/italia/controlled-vocabulary/licences/C1_Unknown"));
        assert_eq!((licence.kind(), licence.name()), (LicenceType::Unknown, None));
    }
}

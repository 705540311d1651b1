use super::{is_tax_code, unfit};

#[test]
fn tax_codes_are_known_however_they_are_written() {
    for code in ["RSSMRA85T10A562S", "rssmra85t10a562s", "RSSMRA85T10A56NH", "RSS-MRA-85T10-A562S", "RSSMRAURTMLARSNL"]
    {
        assert!(is_tax_code(code), "{code}");
    }
    for other in
        ["UD-2026-00471", "12345678901", "AB12345CD", "RSSMRA85T10A562", "01985b2e-0000-7000-8000-000000000004"]
    {
        assert!(!is_tax_code(other), "{other}");
        assert_eq!(unfit(other), None, "{other}");
    }
}

#[test]
fn an_external_id_can_stand_in_an_address_as_it_is() {
    for value in ["", " ", "a b", "-a", "a/b", "a%20b", "ä", "a?b", &"x".repeat(101)] {
        assert!(unfit(value).is_some(), "{value}");
    }
}

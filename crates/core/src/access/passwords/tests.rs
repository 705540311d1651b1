use argon2::Params;
use argon2::password_hash::phc::PasswordHash;

use super::{decoy, hash, matches};

#[test]
fn what_stands_in_for_an_unknown_user_takes_as_long_as_a_password_and_is_nobodys() {
    let real = hash("correct horse battery staple").expect("a hash");
    assert!(matches("correct horse battery staple", &real));
    let parameters = |text: &str| {
        let parsed = PasswordHash::new(text).expect("a hash as PHC has it");
        let sizes = (parsed.salt.map(|salt| salt.len()), parsed.hash.map(|hash| hash.len()));
        (parsed.algorithm.to_string(), parsed.version, Params::try_from(&parsed).expect("parameters"), sizes)
    };
    assert_eq!(parameters(&decoy()), parameters(&real));
    assert!(!matches("", &decoy()) && !matches("correct horse battery staple", &decoy()));
}

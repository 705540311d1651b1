use crate::observatory::operational::ENDINGS;
use crate::referrals::rules::Ending;

#[test]
fn referrals_are_told_by_every_way_to_end() {
    let known: Vec<&str> = ENDINGS.iter().map(|(code, _)| *code).collect();
    assert_eq!(known, Ending::ALL.iter().map(|ending| ending.as_str()).collect::<Vec<_>>());
}

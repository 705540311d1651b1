//! The borders of the law.

use super::JointManagementRule as Rule;

#[test]
fn the_borders_are_five_thousand_and_in_the_mountains_three() {
    for (population, in_the_mountains, rule, obliges) in [
        (0.0, false, Rule::UpTo5000, true),
        (5_000.0, false, Rule::UpTo5000, true),
        (5_001.0, false, Rule::Over5000, false),
        (3_000.0, true, Rule::UpTo3000InMountains, true),
        (3_001.0, true, Rule::Over3000InMountains, false),
        (5_000.0, true, Rule::Over3000InMountains, false),
        (3_001.0, false, Rule::UpTo5000, true),
    ] {
        let fired = Rule::of(population, in_the_mountains);
        assert_eq!((fired, fired.obliges()), (rule, obliges), "{population} {in_the_mountains}");
    }
}

//! Which plans somebody who may read a region's plans is shown: those that have left its desk.

use super::standing::Standing;
use crate::plan::PlanStatus;

/// Whether a plan that stands there is shown to somebody who stands to its issuer in that way. It
/// goes as far as on the links: below the issuer a draft is not known, and above it nothing before
/// it is issued.
pub fn shows_plan(standing: Standing, status: &PlanStatus) -> bool {
    match standing {
        Standing::Own | Standing::Hosted => true,
        Standing::Subordinate => *status != PlanStatus::Draft,
        Standing::Superior => *status == PlanStatus::Issued,
        Standing::Partner | Standing::PartnersSuperior | Standing::Stranger => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Standing, shows_plan};
    use crate::plan::PlanStatus;

    #[test]
    fn a_plan_is_shown_no_further_than_it_travels() {
        let until = "2026-05-01".parse().expect("a day");
        let in_turn = [
            PlanStatus::Draft,
            PlanStatus::Consultation { until },
            PlanStatus::Issued,
        ];
        let expected = [
            (Standing::Own, [true, true, true]),
            (Standing::Hosted, [true, true, true]),
            (Standing::Superior, [false, false, true]),
            (Standing::Subordinate, [false, true, true]),
            (Standing::Partner, [false, false, false]),
            (Standing::PartnersSuperior, [false, false, false]),
            (Standing::Stranger, [false, false, false]),
        ];
        assert_eq!(expected.map(|(standing, _)| standing), Standing::ALL);
        for (standing, shown) in expected {
            let found = in_turn
                .each_ref()
                .map(|status| shows_plan(standing, status));
            assert_eq!(found, shown, "{standing:?}");
        }
    }
}

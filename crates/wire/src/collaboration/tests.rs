use liandong_core::aid::{AidFact, Difference};
use liandong_core::command::Command;
use liandong_core::refusal::Reason;

use super::v1;

#[test]
fn a_fact_without_content_is_refused_by_its_path() {
    let request = |fact| v1::RecordEntryRequest {
        region: "371500".to_owned(),
        id: "2025-1".to_owned(),
        proposer: "371500".to_owned(),
        project: "library".to_owned(),
        fact: Some(v1::AidFact { fact }),
        author: Some(crate::task::v1::Author::default()),
    };
    let refusal = Command::try_from(request(None)).expect_err("nothing happened");
    assert_eq!(
        (refusal.reason, refusal.field.as_str()),
        (Reason::Missing, "fact")
    );
    let receipt = v1::Receipt {
        disbursement: "2025-1".to_owned(),
        amount_fen: 5,
        on: "yesterday".to_owned(),
    };
    let wrong = request(Some(v1::aid_fact::Fact::Receipt(receipt.clone())));
    let refusal = Command::try_from(wrong).expect_err("not a date");
    assert_eq!(refusal.field, "fact.receipt.on");
    let right = v1::Receipt {
        on: "2025-03-14".to_owned(),
        ..receipt
    };
    let command = Command::try_from(request(Some(v1::aid_fact::Fact::Receipt(right))));
    let Ok(Command::RecordAid { fact, .. }) = command else {
        panic!("refused: {command:?}");
    };
    assert!(matches!(fact, AidFact::Receipt { amount: 5, .. }));
}

#[test]
fn every_difference_survives_the_wire() {
    let text = || "2025-1".to_owned();
    let differences = [
        Difference::NotReceived {
            disbursement: text(),
            disbursed: 1,
        },
        Difference::AmountDiffers {
            disbursement: text(),
            disbursed: 2,
            received: 1,
        },
        Difference::NotDisbursed {
            disbursement: text(),
            received: 3,
        },
        Difference::OverFund {
            fund: 4,
            disbursed: 5,
        },
        Difference::Overspent {
            received: 6,
            spent: 7,
        },
        Difference::TeachersDiffer {
            sender: "371500".parse().expect("a code"),
            placement: text(),
            sent: 8,
            confirmed: None,
        },
        Difference::TeachersDiffer {
            sender: "371500".parse().expect("a code"),
            placement: text(),
            sent: 8,
            confirmed: Some(0),
        },
        Difference::PlacementUnknown {
            placement: text(),
            confirmed: 9,
        },
    ];
    for difference in differences {
        let back = Difference::try_from(v1::Difference::from(&difference));
        assert_eq!(back, Ok(difference));
    }
}

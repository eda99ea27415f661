//! Peers of whose files nothing is taken, for an earlier copy of their data was put back by hand.

use liandong_client::wire::admin::v1;

use super::hex;
use crate::output::{Cell, Column, Listing};

const PARTED: [Column; 3] = [
    Column::text("peer", "对方", "peer"),
    Column::text("incarnation", "对方的数据标识", "its incarnation"),
    Column::number("held_upto", "只收到第几号变更", "held up to"),
];

/// Every such peer, and up to which of its changes it is held.
pub(super) fn parted(peers: &[v1::PartedPeer]) -> Listing {
    let mut listing = Listing::new(&PARTED);
    for parted in peers {
        listing.row(vec![
            Cell::text(&parted.peer),
            Cell::text(hex(&parted.incarnation)),
            Cell::Count(parted.held_upto),
        ]);
    }
    listing
}

#[cfg(test)]
mod tests {
    use liandong_client::wire::admin::v1;
    use liandong_core::language::Language;

    use crate::command::status::listings;
    use crate::output::Cell;

    #[test]
    fn a_peer_whose_files_are_not_taken_is_listed_with_what_to_do() {
        let status = v1::GetStatusResponse {
            parted: vec![v1::PartedPeer {
                peer: "371524".to_owned(),
                incarnation: vec![0xab; 16],
                held_upto: 41,
            }],
            ..v1::GetStatusResponse::default()
        };
        let shown = listings(&status);
        let incarnation = "ab".repeat(16);
        let row = [
            Cell::text("371524"),
            Cell::text(&incarnation),
            Cell::Count(41),
        ];
        assert_eq!(shown.parted.rows, [row]);
        let json = serde_json::to_value(&shown).unwrap();
        let row = serde_json::json!({
            "peer": "371524", "incarnation": incarnation, "held_upto": 41,
        });
        assert_eq!(json["parted"], serde_json::json!([row]));
        assert_eq!(json["attention"][0]["code"], "parted");
        let attention = &shown.attention.rows[0];
        for language in [Language::Zh, Language::En] {
            let told: Vec<String> = attention
                .iter()
                .map(|cell| cell.for_people(language))
                .collect();
            for (place, words) in [
                (2, ["371524", "41"]),
                (3, ["export --to 371524", "restore"]),
            ] {
                assert!(
                    words.iter().all(|word| told[place].contains(word)),
                    "{told:?}"
                );
            }
        }
    }
}

//! The table of rights, every cell of it: (role × right × standing).

use super::super::standing::Standing;
use super::{Right, allows};
use crate::identity::Role;
use crate::region::RegionTree;
use crate::testing::{bureau, code, school};

/// A line for each right, a group of letters for each standing in the order of its columns; a
/// letter is there when that role may. N node, A admin, E reviewer, R reporter, V viewer.
const TABLE: &str = "
    right             own    hosted superior subordinate partner partners-superior stranger
    ReadPlans         AERV   AERV   AERV     AERV        -       -                 -
    ReadPublished     AERV   AERV   AER      -           -       -                 -
    ReadExact         AER    AER    AER      -           -       -                 -
    ReadTasks         AERV   AERV   AERV     -           -       -                 -
    ReadAid           AER    AER    -        -           AER     -                 -
    ReadAidSummary    AERV   AERV   AERV     -           AERV    AERV              -
    Report            AR     AR     -        -           -       -                 -
    Work              AR     AR     -        -           -       -                 -
    Supervise         AE     AE     -        -           -       -                 -
    Pair              AE     AE     -        -           -       -                 -
    RecordAid         AR     AR     -        -           -       -                 -
    Inspect           NAER   AER    -        -           -       -                 -
    Audit             AE     AE     -        -           -       -                 -
    Administer        A      A      -        -           -       -                 -
    Exchange          -      -      N        N           N       -                 -
";

fn letter(role: Role) -> char {
    match role {
        Role::Node => 'N',
        Role::Admin => 'A',
        Role::Reviewer => 'E',
        Role::Reporter => 'R',
        Role::Viewer => 'V',
    }
}

#[test]
fn every_cell_of_the_table_is_as_it_is_written_down() {
    let lines: Vec<&str> = TABLE.trim().lines().skip(1).collect();
    assert_eq!(lines.len(), Right::ALL.len());
    let mut cells = 0;
    for (line, right) in lines.into_iter().zip(Right::ALL) {
        let mut columns = line.split_whitespace();
        assert_eq!(columns.next(), Some(format!("{right:?}").as_str()));
        let columns: Vec<&str> = columns.collect();
        assert_eq!(columns.len(), Standing::ALL.len());
        for (letters, standing) in columns.into_iter().zip(Standing::ALL) {
            for role in Role::ALL {
                let written = letters.contains(letter(role));
                let found = allows(role, right, standing);
                assert_eq!(found, written, "{role:?}, {right:?}, {standing:?}");
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 5 * 15 * 7);
}

#[test]
fn a_standing_follows_from_the_tree_the_node_and_the_pairings() {
    // Shandong, Liaocheng, Dong'e with a school, Chiping without a node; Chongqing and Pengshui.
    let mut tree = RegionTree::new();
    for region in [
        bureau("370000", None),
        bureau("371500", Some("370000")),
        bureau("371524", Some("371500")),
        school("371524S01", "371524"),
        bureau("371503", Some("371500")),
        bureau("500000", None),
        bureau("500243", Some("500000")),
    ] {
        tree.insert(region).expect("a tree");
    }
    // node, caller, whose data, standing
    let cases = [
        ("371524", "371524", "371524", Standing::Own),
        ("371524", "371524S01", "371524S01", Standing::Own),
        ("371524", "371524", "371524S01", Standing::Hosted),
        ("371500", "371500", "371503", Standing::Hosted),
        ("371500", "371500", "371524", Standing::Hosted),
        ("371500", "371503", "371503", Standing::Own),
        ("371524", "371500", "371524", Standing::Superior),
        ("371524", "371500", "371524S01", Standing::Superior),
        ("371524", "370000", "371524S01", Standing::Superior),
        ("371500", "370000", "371503", Standing::Superior),
        ("371500", "371524", "371500", Standing::Subordinate),
        ("371500", "371524S01", "371500", Standing::Subordinate),
        ("371524", "371524S01", "371524", Standing::Subordinate),
        ("371500", "371524", "371503", Standing::Stranger),
        ("371500", "500243", "371500", Standing::Partner),
        ("371500", "500000", "371500", Standing::PartnersSuperior),
        ("371500", "500243", "371524", Standing::Stranger),
        ("371500", "500000", "371524", Standing::Stranger),
        ("500243", "371500", "500243", Standing::Partner),
        ("500243", "370000", "500243", Standing::PartnersSuperior),
        ("500243", "371524", "500243", Standing::Stranger),
        ("371524", "999999", "371524", Standing::Stranger),
    ];
    for (here, caller, target, expected) in cases {
        let partners = match target {
            "371500" => vec![code("500243")],
            "500243" => vec![code("371500")],
            _ => Vec::new(),
        };
        let found = Standing::of(&tree, code(here), code(caller), code(target), &partners);
        assert_eq!(found, expected, "at {here}: {caller} to {target}");
    }
    // The pairing has ended.
    let found = Standing::of(&tree, code("371500"), code("500243"), code("371500"), &[]);
    assert_eq!(found, Standing::Stranger);
}

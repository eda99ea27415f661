//! What is known of regions, by documents and catalogue.

use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::region::{Region, RegionTree};
use crate::state::Regions;
use crate::testing::{Node, bureau, code, school};

fn tree(regions: &[Region]) -> RegionTree {
    let mut tree = RegionTree::new();
    for region in regions {
        tree.insert(region.clone()).unwrap();
    }
    tree
}

/// A province of the catalogue whose second city is by documents nobody's, and a city whose
/// province nobody knows; schools of both.
fn known() -> (Regions, Catalogue) {
    let catalogue = Catalogue {
        regions: tree(&[
            bureau("370000", None),
            bureau("370100", Some("370000")),
            bureau("371500", Some("370000")),
            bureau("371502", Some("371500")),
        ]),
        ..Catalogue::default()
    };
    let regions = Regions {
        tree: Arc::new(tree(&[
            bureau("371500", None),
            school("371500-s", "371500"),
            bureau("500100", Some("500000")),
            school("500100-s", "500100"),
        ])),
        hosted: Arc::default(),
    };
    (regions, catalogue)
}

#[test]
fn whatever_stands_below_nothing_known_is_at_the_top() {
    let (regions, catalogue) = known();
    let tops = ["370000", "371500", "500100"].map(code);
    assert_eq!(regions.roots(&catalogue), tops);
}

#[test]
fn documents_say_where_a_region_stands_before_the_catalogue_does() {
    let (regions, catalogue) = known();
    let below = |text| regions.children(&catalogue, code(text));
    assert_eq!(below("370000"), [code("370100")]);
    assert_eq!(below("371500"), ["371500-s", "371502"].map(code));
    assert_eq!(below("500000"), [code("500100")]);
    let parent = |text| regions.get(&catalogue, code(text)).unwrap().parent;
    assert_eq!(parent("371500"), None);
    assert_eq!(parent("371502"), Some(code("371500")));
}

#[test]
fn a_copy_stays_as_it_is_when_the_state_goes_on() {
    let mut city = Node::new(&[
        bureau("371500", None),
        bureau("371502", Some("371500")),
        bureau("371524", Some("371500")),
        school("s1", "371502"),
    ]);
    let before = city.state.regions().clone();
    city.host(&[school("s1", "371524"), school("s2", "371502")])
        .unwrap();
    let below = |regions: &Regions, text| regions.tree().children(code(text)).to_vec();
    assert_eq!(below(&before, "371502"), [code("s1")]);
    assert!(!before.hosts(code("s2")));
    let after = city.state.regions();
    assert_eq!(below(after, "371502"), [code("s2")]);
    assert_eq!(below(after, "371524"), [code("s1")]);
    assert!(after.hosts(code("s2")));
}

use std::time::Instant;

use liandong_core::region::{Level, RegionCode, RegionTree};

use super::national_regions;

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn count(tree: &RegionTree, level: Level) -> usize {
    tree.iter().filter(|region| region.level == level).count()
}

#[test]
fn counts_are_those_of_the_source() {
    let start = Instant::now();
    let tree = national_regions().unwrap();
    println!("{} regions loaded in {:?}", tree.len(), start.elapsed());
    assert_eq!(count(&tree, Level::Province), 34);
    assert_eq!(count(&tree, Level::Prefecture), 333);
    assert_eq!(count(&tree, Level::County), 2847);
    assert_eq!(tree.len(), 34 + 333 + 2847);
}

#[test]
fn every_parent_is_known_and_stands_higher() {
    let tree = national_regions().unwrap();
    for region in tree.iter() {
        match region.parent {
            None => assert_eq!(region.level, Level::Province, "{}", region.code),
            Some(parent) => assert!(tree.get(parent).unwrap().level < region.level),
        }
    }
}

#[test]
fn tree_has_no_fixed_depth() {
    let tree = national_regions().unwrap();
    let above = |text| -> Vec<String> {
        tree.ancestors(code(text))
            .map(|above| above.to_string())
            .collect()
    };
    assert_eq!(above("371524"), ["371500", "370000"]);
    // A municipality has no prefectures; some provinces run counties directly.
    assert_eq!(above("500243"), ["500000"]);
    assert_eq!(above("429004"), ["420000"]);
    assert_eq!(
        tree.get(code("500243")).unwrap().name,
        "彭水苗族土家族自治县"
    );
}

#[test]
fn regions_of_the_plans_are_there() {
    let tree = national_regions().unwrap();
    for (text, name) in [
        ("371500", "聊城市"),
        ("430603", "云溪区"),
        ("610326", "眉县"),
        ("433125", "保靖县"),
        ("500152", "潼南区"),
        ("500118", "永川区"),
    ] {
        assert_eq!(tree.get(code(text)).unwrap().name, name);
    }
}

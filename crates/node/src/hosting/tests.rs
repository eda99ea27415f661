//! Tests of which regions a node hosts.

use super::{CatalogueError, load};
use crate::config::Config;
use crate::surroundings::Threads;

const TREE: &str = "代码,名称,上级,级别,类别\n\
    371524102,甲镇,371524,乡镇,主管部门\n\
    S1,镇小学,371524102,学校,小学\n\
    S2,县小学,371524,学校,小学\n\
    S3,别县小学,371525,学校,小学\n";

fn hosted(region: &str, keys: &str) -> Result<Vec<String>, CatalogueError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tree.csv"), TREE).unwrap();
    let path = dir.path().join("node.toml");
    let basics = "data = 'd'\nlisten = '127.0.0.1:0'\ntree = ['tree.csv']\n";
    std::fs::write(&path, format!("region = '{region}'\n{basics}{keys}")).unwrap();
    let (_, regions) = load(&Config::load(&path).unwrap(), Threads::System)?;
    let codes = regions.iter().map(|region| region.code.to_string());
    Ok(codes.collect())
}

#[test]
fn what_the_own_tree_puts_below_is_hosted_parents_first() {
    assert_eq!(
        hosted("371524", "").unwrap(),
        ["371524", "371524102", "S2", "S1"]
    );
}

#[test]
fn a_region_that_connects_hosts_what_is_below_it_itself() {
    let codes = hosted("371524", "children = ['371524102']\n").unwrap();
    assert_eq!(codes, ["371524", "S2"]);
}

#[test]
fn further_regions_are_hosted_with_what_is_below_them() {
    let codes = hosted("371500", "hosts = ['371524', '371525']\n").unwrap();
    let all = ["371500", "371524", "371525", "371524102", "S2", "S3", "S1"];
    assert_eq!(codes, all);
}

#[test]
fn a_region_of_no_tree_is_named() {
    let error = hosted("371524", "hosts = ['371599']\n").unwrap_err();
    assert!(error.to_string().contains("371599"), "{error}");
}

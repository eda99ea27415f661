//! Trees of two, three and five levels: the sums are the same however deep they are made.

use anyhow::{Result, ensure};
use liandong_tests::figures::{CARE_ROOMS, DROPOUTS, arrives, count, push_new, share, sums};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

async fn recount(nodes: &[&Node]) -> Result<()> {
    for node in nodes {
        ensure!(
            node.recount().await? > 0,
            "{} holds no cells",
            node.region()
        );
    }
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_municipality_has_no_tier_between_it_and_its_counties() -> Result<()> {
    let chongqing = Node::start(Settings::new("500000")).await?;
    let pengshui = Settings::new("500243")
        .schools("500243", 2)
        .parent(&chongqing);
    let pengshui = Node::start(pengshui).await?;
    let (first, second) = (school("500243", 1), school("500243", 2));
    push_new(&pengshui, "1", vec![count(&first, 2), count(&second, 3)]).await?;
    let all = arrives(&chongqing, "500000", DROPOUTS, 5, 2).await?;
    ensure!(all.expected == 2, "{all:?}");
    recount(&[&chongqing, &pengshui]).await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn three_levels_add_up() -> Result<()> {
    let shandong = Node::start(Settings::new("370000")).await?;
    let liaocheng = Node::start(Settings::new("371500").parent(&shandong)).await?;
    let mut counties = Vec::new();
    for (number, code) in (1_i64..).zip(["371502", "371524", "371581"]) {
        let county = Settings::new(code).schools(code, 4).parent(&liaocheng);
        let county = Node::start(county).await?;
        let rows = (1..=4).flat_map(|unit| {
            let unit = school(code, unit);
            [count(&unit, number), share(&unit, 1, number + 1)]
        });
        push_new(&county, "1", rows.collect()).await?;
        counties.push(county);
    }
    let all = arrives(&shandong, "370000", DROPOUTS, 24, 12).await?;
    ensure!(all.expected == 12, "{all:?}");
    arrives(&shandong, "370000", CARE_ROOMS, 12, 12).await?;
    let ratio = sums(&shandong, "370000", CARE_ROOMS).await?;
    ensure!(ratio.denominator == 4 * (2 + 3 + 4), "{ratio:?}");
    let mut nodes = vec![&shandong, &liaocheng];
    nodes.extend(&counties);
    recount(&nodes).await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn five_levels_add_up_to_the_last_school() -> Result<()> {
    let town = "371524001";
    let unit = school(town, 1);
    let shandong = Node::start(Settings::new("370000")).await?;
    let liaocheng = Node::start(Settings::new("371500").parent(&shandong)).await?;
    let county = Settings::new("371524")
        .schools("371524", 1)
        .child(town)
        .parent(&liaocheng);
    let county = Node::start(county).await?;
    let township = Settings::new(town)
        .below("371524", town, "township", "bureau")
        .below(town, &school(town, 2), "unit", "primary-school")
        .child(&unit)
        .parent(&county);
    let township = Node::start(township).await?;
    let school_node = Settings::new(&unit)
        .below("371524", town, "township", "bureau")
        .below(town, &unit, "unit", "primary-school")
        .parent(&township);
    let school_node = Node::start(school_node).await?;

    push_new(&school_node, "1", vec![count(&unit, 1)]).await?;
    push_new(&township, "1", vec![count(&school(town, 2), 20)]).await?;
    push_new(&county, "1", vec![count(&school("371524", 1), 300)]).await?;
    arrives(&township, town, DROPOUTS, 21, 2).await?;
    arrives(&county, "371524", DROPOUTS, 321, 3).await?;
    let all = arrives(&shandong, "370000", DROPOUTS, 321, 3).await?;
    ensure!(all.expected == 3, "{all:?}");
    recount(&[&shandong, &liaocheng, &county, &township, &school_node]).await
}
